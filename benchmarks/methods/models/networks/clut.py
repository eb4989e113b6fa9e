"""CLUT-Net: an image-adaptive 3D LUT mixed from compressed ones.

F. Zhang et al., "CLUT-Net: Learning Adaptively Compressed Representations of 3DLUTs for Lightweight
Image Enhancement", ACM MM 2022. A cube of n^3 nodes is two learned matrices around a small one: s
rows stand for the first axis and w columns for the plane of the other two. Twenty small ones, with
s = 5 and w = 20, take a fifteenth of the numbers of three full cubes. The picture is judged by the
network of `lut3d`; the mix is a change of the picture, and monotony is asked of it as there.

The authors draw both matrices, and begin with no change between them. Whatever such matrices do
first is rough, which monotony forbids: minutes taught nothing. Here they begin as cosines.
"""

from __future__ import annotations

import itertools
from typing import Any

import torch
from torch import Tensor, nn

from luts.lut import Lut

from ..output import Modulate, Output, unmodulated
from ..parts.region_blend import blend_by_regions
from ..parts.region_mean import squared
from .lut3d import (
    GRID,
    MONOTONICITY,
    SIZE,
    WIDTHS,
    Features,
    Head,
    as_luts,
    first_basis,
    look_up,
    monotonicity,
)

RANKS, ROWS, COLUMNS = 20, 5, 20
SPREAD, SMALL = 0.1, 1e-4  # of the matrices at first, as published; of what lies between them


class ClutNet(nn.Module):
    """Parameters: see its card. mask_channels : 2 for the local version, as in `lut3d`."""

    OWN_LOSS = True
    SITES = Features.SITES

    def __init__(self, *, mask_channels: int = 0) -> None:
        super().__init__()
        self.features = Features(mask_channels=mask_channels, antialias=True, unpaired=False)
        self.dropout = nn.Dropout(0.5)
        self.weigh = Head(WIDTHS[-1] * GRID**2, RANKS, equalised=True)
        nn.init.ones_(self.weigh.bias)
        rows, columns = _cosines()
        self.rows = nn.Parameter(SPREAD * rows)
        self.columns = nn.Parameter(SPREAD * columns)
        self.small = nn.Parameter(SMALL * torch.randn(RANKS, 3 * ROWS * COLUMNS))
        self.register_buffer("identity", first_basis()[0], persistent=False)

    def tables(
        self, images: Tensor, regions: Tensor | None = None, modulate: Modulate = unmodulated
    ) -> Tensor:
        """The cube of each picture: (N, n, n, n, 3)."""
        features = self.dropout(self.features(images, regions, modulate))
        weights = self.weigh(features.flatten(1))
        with torch.autocast(images.device.type, enabled=False):  # bfloat16 has no fine steps
            mixed = (weights.to(self.small.dtype) @ self.small).unflatten(1, (3, ROWS, COLUMNS))
            cube = (self.rows @ mixed @ self.columns).unflatten(3, (SIZE, SIZE))
            return self.identity + cube.permute(0, 2, 3, 4, 1)

    def forward(
        self,
        images: Tensor,
        regions: Tensor | None = None,
        modulate: Modulate = unmodulated,
        reference: Tensor | None = None,
    ) -> Output:
        tables = self.tables(images, regions, modulate)
        image = look_up(images, tables)
        reads = self.features.mask_channels > 0 or modulate is not unmodulated
        local = regions if reads else None
        if local is not None:
            image = blend_by_regions(images, image, local)
        if reference is None:
            return Output(image)
        where = None if local is None else local[:, :1]
        terms: dict[str, Any] = squared(Output(image), images, reference, where)
        terms["monotone"] = MONOTONICITY * sum(map(monotonicity, tables)) / len(tables)
        return Output(image, terms=terms)

    def colour_maps(
        self, images: Tensor, regions: Tensor | None = None, modulate: Modulate = unmodulated
    ) -> list[Lut]:
        """See benchmarks.methods.models.output.MapsColour."""
        with torch.no_grad():
            return as_luts(self.tables(images, regions, modulate))


def _cosines() -> tuple[Tensor, Tensor]:
    """The smoothest changes along the first axis (n, s) and over the other two (w, n^2)."""
    place = (torch.arange(SIZE) + 0.5) / SIZE
    waves = torch.cos(torch.pi * torch.arange(SIZE)[:, None] * place)
    pairs = sorted(itertools.product(range(COLUMNS), repeat=2), key=lambda pair: (sum(pair), pair))
    columns = [torch.outer(waves[i], waves[j]).flatten() for i, j in pairs[:COLUMNS]]
    return waves[:ROWS].T.contiguous(), torch.stack(columns)
