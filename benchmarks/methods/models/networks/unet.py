"""A plain U-Net that predicts the change of each pixel: the modern reference without any prior.

O. Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI
2015, with padded convolutions, bilinear upsampling and a residual output.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from ..output import Modulate, Output, network_input, unmodulated
from ..parts.layers import start_near_zero

WIDTHS = (16, 32, 64, 128)


class UNet(nn.Module):
    """Three halvings. The last layer starts near zero, so training starts from the input image."""

    SITES: ClassVar[Mapping[str, int]] = {f"down.{i}": width for i, width in enumerate(WIDTHS)}

    def __init__(self, *, mask_channels: int = 0) -> None:
        super().__init__()
        self.mask_channels = mask_channels
        widths = itertools.pairwise((3 + mask_channels, *WIDTHS))
        self.down = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in widths)
        self.deepen = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for width in WIDTHS)
        self.up = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(WIDTHS[i + 1] + WIDTHS[i], WIDTHS[i], 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(WIDTHS[i], WIDTHS[i], 3, padding=1),
                nn.ReLU(),
            )
            for i in range(len(WIDTHS) - 1)
        )
        self.last = nn.Conv2d(WIDTHS[0], 3, 1)
        start_near_zero(self.last, 1e-3)

    def forward(
        self, images: Tensor, regions: Tensor | None = None, modulate: Modulate = unmodulated
    ) -> Output:
        x = network_input(images, regions, self.mask_channels)
        levels = []
        for i, (down, deepen) in enumerate(zip(self.down, self.deepen, strict=True)):
            x = F.max_pool2d(x, 2, ceil_mode=True) if i else x  # ceil: any size works
            x = F.relu(deepen(F.relu(modulate(f"down.{i}", down(x)))))
            levels.append(x)
        for skip, up in zip(reversed(levels[:-1]), reversed(self.up), strict=True):
            x = F.interpolate(x, skip.shape[-2:], mode="bilinear", align_corners=False)
            x = up(torch.cat([x, skip], 1))
        return Output(images + self.last(x))
