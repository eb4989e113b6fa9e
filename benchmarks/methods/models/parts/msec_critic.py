"""The discriminator of MSEC: is this a well-exposed photo by a person?

M. Afifi et al., "Learning Multi-Scale Photo Exposure Correction", CVPR 2021; layers of the released
code: seven 4 x 4 convolutions with stride 2, batch norm after the second alone, then one logit.
"""

from __future__ import annotations

import itertools

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

SIDE = 256
WIDTHS = (8, 16, 32, 64, 128, 128, 256)
SLOPE = 0.01


class Critic(nn.Module):
    """962,585 parameters: (N, 3, H, W) encoded, resized to 256 x 256, to (N,) logits."""

    def __init__(self) -> None:
        super().__init__()
        pairs = itertools.pairwise((3, *WIDTHS))
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in pairs)
        self.norm = nn.BatchNorm2d(WIDTHS[1])
        self.last = nn.Conv2d(WIDTHS[-1], 1, 2, stride=2)
        for module in (*self.convs, self.last):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)

    def forward(self, images: Tensor) -> Tensor:
        x = F.interpolate(images, (SIDE, SIDE), mode="bilinear", antialias=True)
        for i, conv in enumerate(self.convs):
            x = conv(x)
            x = F.leaky_relu(self.norm(x) if i == 1 else x, SLOPE)
        return self.last(x).flatten()
