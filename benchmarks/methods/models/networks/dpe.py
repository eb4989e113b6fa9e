"""Deep Photo Enhancer: a U-Net whose bottleneck also sees a summary of the whole picture.

Y.-S. Chen, Y.-C. Wang, M.-H. Kao, Y.-Y. Chuang, "Deep Photo Enhancer: Unpaired Learning for Image
Enhancement from Photographs with GANs", CVPR 2018: the generator, trained as in the paper's
supervised variant (S-FiveK). The code is published as an archive we have not read: layers are the
paper's; kernels of the way up, nearest-neighbour resizing after the convolution and the order
SELU, batch normalisation come from the author's answers in the project's issues 1 and 8. Ours:
any size of image, by resampling the features that the global branch reads to the fixed grid its
fully connected layer needs; at 512 x 512 that is no change. The image is not clipped here.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from .. import ModelError
from ..output import Modulate, Output, network_input, unmodulated
from ..parts.layers import start_near_zero

WIDTHS = (16, 32, 64, 128, 128)
GRID = 32
GLOBAL_HALVINGS = 2


class Dpe(nn.Module):
    """3,302,115 parameters with the paper's widths.

    Parameters
    ----------
    widths : channels at each size, the largest first
    grid : side of the features that the global branch reads, a multiple of 4: the paper's 32 is
        the smallest size at 512 pixels
    """

    SITES: dict[str, int]

    def __init__(
        self, *, widths: tuple[int, ...] = WIDTHS, grid: int = GRID, mask_channels: int = 0
    ) -> None:
        super().__init__()
        if grid < 4 or grid % 4:
            raise ModelError(f"grid must be a positive multiple of 4, got {grid}")
        self.mask_channels, self.grid = mask_channels, grid
        self.SITES = {f"down.{i}": width for i, width in enumerate(widths)}
        self.first = nn.Conv2d(3 + mask_channels, widths[0], 3, padding=1)
        self.down = nn.ModuleList(
            nn.Conv2d(a, b, 5, stride=2, padding=2) for a, b in itertools.pairwise(widths)
        )
        self.down_norms = nn.ModuleList(_SeluNorm(width) for width in widths)
        self.summary = _Summary(widths[-1], grid)
        shallow = widths[-2::-1]
        self.up = nn.ModuleList()
        self.up_norms = nn.ModuleList()
        channels, output = 2 * widths[-1], widths[-1]
        for skip in shallow:
            self.up.append(nn.Conv2d(channels, output, 3, padding=1))
            channels, output = output + skip, skip
            self.up_norms.append(_SeluNorm(channels))
        self.fuse = nn.Conv2d(channels, widths[0], 3, padding=1)
        self.fuse_norm = _SeluNorm(widths[0])
        self.last = nn.Conv2d(widths[0], 3, 3, padding=1)
        start_near_zero(self.last, 1e-3)

    def forward(
        self, images: Tensor, regions: Tensor | None = None, modulate: Modulate = unmodulated
    ) -> Output:
        x = network_input(images, regions, self.mask_channels)
        levels = []
        for i, conv in enumerate((self.first, *self.down)):
            x = self.down_norms[i](modulate(f"down.{i}", conv(x)))
            levels.append(x)
        summary = self.summary(x)[..., None, None].expand(-1, -1, *x.shape[-2:])
        x = torch.cat([x, summary], 1)
        for conv, norm, skip in zip(self.up, self.up_norms, reversed(levels[:-1]), strict=True):
            x = F.interpolate(conv(x), skip.shape[-2:])
            x = norm(torch.cat([x, skip], 1))
        return Output(images + self.last(self.fuse_norm(self.fuse(x))))


class _SeluNorm(nn.Sequential):
    """SELU, then batch normalisation: the order of the paper."""

    def __init__(self, width: int) -> None:
        super().__init__(nn.SELU(), nn.BatchNorm2d(width))


class _Summary(nn.Module):
    """(N, C, h, w) features to (N, C): what the picture is like as a whole."""

    def __init__(self, width: int, grid: int) -> None:
        super().__init__()
        self.grid = grid
        self.halve = nn.Sequential()
        for _ in range(GLOBAL_HALVINGS):
            self.halve.append(nn.Conv2d(width, width, 5, stride=2, padding=2))
            self.halve.append(_SeluNorm(width))
        cells = (grid >> GLOBAL_HALVINGS) ** 2
        self.dense = nn.Sequential(
            nn.Flatten(), nn.Linear(cells * width, width), nn.SELU(), nn.Linear(width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.dense(self.halve(F.adaptive_avg_pool2d(x, (self.grid, self.grid))))
