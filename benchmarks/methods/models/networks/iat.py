"""IAT: pixels are scaled and shifted, then a colour matrix and a gamma that attention predicts.

Z. Cui et al., "You Only Need 90K Parameters to Adapt Light: a Light Weight Transformer for Image
Enhancement and Exposure Correction", BMVC 2022; layers, sizes and initial values of the authors'
code for exposure correction, where the base of the gamma is not trained. Two things differ: paths
are never dropped, and the attention's values do not start at zero, which would leave its queries
and keys without gradient at first. The authors add a perceptual term to L1; here it is L1 alone.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from ..output import Output, network_input

WIDTH, BLOCKS = 16, 3  # of the local branch
SUMMARY, HEADS, QUERIES = 64, 4, 10  # of the global one: a gamma and nine of a matrix
SMALL = 1e-4  # initial share of a block
DARKEST = 1e-8


class Iat(nn.Module):
    """Parameters: see its card. mask_channels : 2 for the local version."""

    def __init__(self, *, mask_channels: int = 0) -> None:
        super().__init__()
        self.mask_channels = mask_channels
        self.enter = nn.Conv2d(3 + mask_channels, WIDTH, 3, padding=1)
        self.scale = nn.Sequential(*(_Block() for _ in range(BLOCKS)))
        self.shift = nn.Sequential(*(_Block() for _ in range(BLOCKS)))
        self.scale_end = nn.Conv2d(WIDTH, 3, 3, padding=1)
        self.shift_end = nn.Conv2d(WIDTH, 3, 3, padding=1)
        self.whole = _Global(3 + mask_channels)
        for module in (*self.scale.modules(), *self.shift.modules(), self.enter):
            if isinstance(module, nn.Conv2d):
                _spread(module)
        _spread(self.scale_end)
        _spread(self.shift_end)

    def forward(self, images: Tensor, regions: Tensor | None = None) -> Output:
        seen = network_input(images, regions, self.mask_channels, least=4)
        features = F.leaky_relu(self.enter(seen), 0.2)
        scale = F.relu(self.scale_end(self.scale(features) + features))
        shift = self.shift_end(self.shift(features) + features).tanh()
        gamma, matrix = self.whole(seen)
        mapped = torch.einsum("noc,nchw->nohw", matrix, images * scale + shift)
        return Output(mapped.clamp(DARKEST, 1) ** gamma[..., None, None])


def _spread(conv: nn.Conv2d) -> None:
    fan_out = conv.kernel_size[0] * conv.kernel_size[1] * conv.out_channels // conv.groups
    nn.init.normal_(conv.weight, 0.0, math.sqrt(2 / fan_out))
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)


class _Block(nn.Module):
    """A transformer block whose attention is a 5 x 5 convolution of each channel."""

    def __init__(self) -> None:
        super().__init__()
        self.place = nn.Conv2d(WIDTH, WIDTH, 3, padding=1, groups=WIDTH)
        self.norm1, self.norm2 = _ColourNorm(), _ColourNorm()
        self.mix = nn.Sequential(
            nn.Conv2d(WIDTH, WIDTH, 1),
            nn.Conv2d(WIDTH, WIDTH, 5, padding=2, groups=WIDTH),
            nn.Conv2d(WIDTH, WIDTH, 1),
        )
        self.mlp = nn.Sequential(
            nn.Conv2d(WIDTH, 4 * WIDTH, 1), nn.GELU(), nn.Conv2d(4 * WIDTH, WIDTH, 1)
        )
        self.share1 = nn.Parameter(SMALL * torch.ones(WIDTH, 1, 1))
        self.share2 = nn.Parameter(SMALL * torch.ones(WIDTH, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.place(x)
        x = x + self.share1 * self.mix(self.norm1(x))
        return x + self.share2 * self.mlp(self.norm2(x))


class _ColourNorm(nn.Module):
    """In place of a norm: a learned matrix of the channels, then a gain and an offset of each."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(WIDTH))
        self.offset = nn.Parameter(torch.zeros(WIDTH))
        self.matrix = nn.Parameter(torch.eye(WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        weight = self.gain[:, None] * self.matrix
        return F.conv2d(x, weight[..., None, None], self.offset)


class _Global(nn.Module):
    """A gamma (N, 1) and a colour matrix (N, 3, 3), from ten learned queries."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.shrink = nn.Sequential(
            nn.Conv2d(channels, SUMMARY // 2, 3, stride=2, padding=1),
            nn.BatchNorm2d(SUMMARY // 2),
            nn.GELU(),
            nn.Conv2d(SUMMARY // 2, SUMMARY, 3, stride=2, padding=1),
            nn.BatchNorm2d(SUMMARY),
        )
        self.place = nn.Conv2d(SUMMARY, SUMMARY, 3, padding=1, groups=SUMMARY)
        self.norm1, self.norm2 = nn.LayerNorm(SUMMARY), nn.LayerNorm(SUMMARY)
        self.queries = nn.Parameter(torch.ones(QUERIES, SUMMARY))
        self.keys = nn.Linear(SUMMARY, SUMMARY, bias=False)
        self.values = nn.Linear(SUMMARY, SUMMARY, bias=False)
        self.project = nn.Linear(SUMMARY, SUMMARY)
        self.mlp = nn.Sequential(
            nn.Linear(SUMMARY, 4 * SUMMARY), nn.GELU(), nn.Linear(4 * SUMMARY, SUMMARY)
        )
        self.gamma = nn.Linear(SUMMARY, 1)
        self.colour = nn.Linear(SUMMARY, 1)
        self.base = nn.Parameter(torch.eye(3))
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.shrink(x)
        tokens = self.norm1((x + self.place(x)).flatten(2).transpose(1, 2))
        parts = (self.queries.expand(len(x), -1, -1), self.keys(tokens), self.values(tokens))
        query, key, value = (
            part.unflatten(2, (HEADS, SUMMARY // HEADS)).transpose(1, 2) for part in parts
        )
        attended = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        told = self.project(attended)
        told = told + self.mlp(self.norm2(told))
        matrix = self.colour(told[:, 1:]).unflatten(1, (3, 3))[..., 0] + self.base
        return 1 + self.gamma(told[:, 0]), matrix
