"""Apply LUTs to batches of tensors: one LUT per image, any device, gradients to both."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from ..lookup import INTERPOLATIONS
from ..lookup import apply as apply_array
from ..lut import Lut, Lut3D, stages

LEAST_PIXELS = 1 << 18  # a thread gets: below that, preparing its OpenColorIO processor costs more


def apply(tables: Tensor, images: Tensor, interpolation: str = "tetrahedral") -> Tensor:
    """Look up a batch of images, each in its own cube.

    Parameters
    ----------
    tables : (N, n, n, n, 3), or (n, n, n, 3) for one cube that all images share
        Indexed [red, green, blue, channel]; the domain is [0, 1].
    images : (N, 3, H, W), encoded, same dtype and device as the tables
        Clamped to [0, 1]; NaN counts as 0.
    interpolation : "tetrahedral" or "trilinear"
        Trilinear is one `grid_sample` and the faster of the two; tetrahedral keeps greys grey.

    Returns
    -------
    (N, 3, H, W), not clipped. Differentiable in the tables and, inside [0, 1], in the images;
    within 5e-7 of `luts.apply` in float32.

    Raises
    ------
    ValueError : shapes or interpolation
    TypeError : dtypes that differ or are not floats
    """
    if interpolation not in INTERPOLATIONS:
        raise ValueError(f"interpolation is one of {INTERPOLATIONS}, got {interpolation!r}")
    if images.ndim != 4 or images.shape[1] != 3:
        raise ValueError(f"images are (N, 3, H, W), got {tuple(images.shape)}")
    if images.dtype != tables.dtype or not images.is_floating_point():
        raise TypeError(
            f"tables and images share one float dtype, got {tables.dtype}, {images.dtype}"
        )
    tables = tables[None] if tables.ndim == 4 else tables
    size = tables.shape[-2]
    count = len(images)
    if tables.shape not in ((count, *[size] * 3, 3), (1, *[size] * 3, 3)) or size < 2:
        raise ValueError(
            f"tables are ({count}, n, n, n, 3) or (n, n, n, 3), got {tuple(tables.shape)}"
        )
    tables = tables.expand(count, -1, -1, -1, -1)
    unit = images.nan_to_num(0.0, 1.0, 0.0).clamp(0, 1)
    return (
        _tetrahedral(tables, unit) if interpolation == "tetrahedral" else _trilinear(tables, unit)
    )


def apply_lut(lut: Lut, images: Tensor, interpolation: str = "tetrahedral") -> Tensor:
    """`luts.apply` on tensors: curves, cubes, both in a row, and their domains.

    Parameters
    ----------
    lut : Lut1D, Lut3D or ShapedLut
    images : (N, 3, H, W) float, encoded

    Returns
    -------
    (N, 3, H, W), differentiable in the images.
    """
    for stage in stages(lut):
        low = images.new_tensor(stage.domain_min)[:, None, None]
        high = images.new_tensor(stage.domain_max)[:, None, None]
        table = torch.tensor(stage.table, dtype=images.dtype, device=images.device)
        unit = (images - low) / (high - low)
        cube = isinstance(stage, Lut3D)
        images = apply(table, unit, interpolation) if cube else _curves(table, unit)
    return images


def apply_each(luts: Sequence[Lut], images: Tensor, interpolation: str = "tetrahedral") -> Tensor:
    """`luts.apply` on a batch, each image through its own LUT: the fast way on a CPU.

    Large images are shared out to as many threads as torch may use.

    Parameters
    ----------
    luts : N of any kind, with any domain
    images : (N, 3, H, W) float32, encoded, in main memory

    Returns
    -------
    (N, 3, H, W), channels last in memory. No gradients: for those, `apply`.
    """
    if len(luts) != len(images):
        raise ValueError(f"every image has its own LUT, got {len(luts)} for {len(images)}")
    pixels = images.detach().permute(0, 2, 3, 1).numpy()
    tasks = [
        (lut, encoded[rows], interpolation)
        for lut, encoded in zip(luts, pixels, strict=True)
        for rows in _bands(encoded)
    ]
    if len(tasks) == 1:
        result = apply_array(*tasks[0])
    else:
        with ThreadPoolExecutor(torch.get_num_threads()) as pool:
            result = np.concatenate(list(pool.map(lambda task: apply_array(*task), tasks)))
    return torch.from_numpy(result.reshape(pixels.shape)).permute(0, 3, 1, 2)


def _bands(pixels: np.ndarray) -> list[slice]:
    """Cut an image into a band of rows for each thread that has enough to do."""
    height, width, _ = pixels.shape
    count = min(torch.get_num_threads(), max(1, height * width // LEAST_PIXELS), height)
    edges = np.linspace(0, height, count + 1).astype(int)
    return [slice(a, b) for a, b in pairwise(edges)]


def spread(vertices: Tensor, images: Tensor) -> Tensor:
    """Move colours from a grid whose vertices are anywhere to the even grid that `apply` knows.

    A value in interval k of its channel goes to (k + share of the interval) / (n - 1): linear in
    between, so trilinear interpolation of the result is that of the uneven grid.

    Parameters
    ----------
    vertices : (N, 3, n), increasing along the last axis; n >= 2
    images : (N, 3, H, W), same dtype and device

    Returns
    -------
    (N, 3, H, W); colours beyond the first and the last vertex continue the outer intervals.
    Differentiable in both, with the kinks at the vertices that the map has there.
    """
    if vertices.ndim != 3 or vertices.shape[:2] != images.shape[:2] or vertices.shape[2] < 2:
        raise ValueError(
            f"vertices are (N, 3, n) for images (N, 3, H, W), got {tuple(vertices.shape)}"
            f" for {tuple(images.shape)}"
        )
    values = images.flatten(2)
    last = vertices.shape[2] - 1
    fixed = vertices.detach().contiguous()
    interval = torch.searchsorted(fixed, values.detach().contiguous(), right=True) - 1
    interval = interval.clamp(0, last - 1)
    low, high = vertices.gather(2, interval), vertices.gather(2, interval + 1)
    # An interval can shrink to nothing in float32; its colours are then those of one vertex.
    width = (high - low).clamp(min=torch.finfo(vertices.dtype).tiny)
    return ((interval + (values - low) / width) / last).view_as(images)


def stack(cubes: Sequence[Lut3D], device: torch.device | str | None = None) -> Tensor:
    """Collect cubes of one size with the unit domain as the `tables` of `apply`."""
    for lut in cubes:
        if not lut.is_unit:
            raise ValueError(f"a stacked cube has the domain [0, 1], got {lut.domain_max}")
    return torch.stack([torch.tensor(lut.table, device=device) for lut in cubes])


def _trilinear(tables: Tensor, unit: Tensor) -> Tensor:
    volume = tables.permute(0, 4, 1, 2, 3)  # N C D H W with D, H, W = red, green, blue
    grid = unit.flip(1).permute(0, 2, 3, 1)[:, None] * 2 - 1  # grid_sample wants x, y, z = W, H, D
    # align_corners: the outer nodes are the ends of [0, 1], not half a cell inside them.
    sampled = torch.nn.functional.grid_sample(
        volume, grid, mode="bilinear", padding_mode="border", align_corners=True
    )
    return sampled[:, :, 0]


def _tetrahedral(tables: Tensor, unit: Tensor) -> Tensor:
    """The rule of `luts.apply.tetrahedral`; gradients flow through the sorted fractions."""
    count, _, height, width = unit.shape
    size = tables.shape[1]
    flat = tables.reshape(count, -1, 3)
    position = unit.flatten(2).transpose(1, 2) * (size - 1)  # N HW 3
    cell = position.detach().floor().clamp(max=size - 2)
    ranked, order = (position - cell).sort(dim=2, descending=True, stable=True)
    stride = torch.tensor([size * size, size, 1], device=unit.device)
    corner = (cell.long() * stride).sum(2)
    ends = torch.ones_like(ranked[..., :1])
    weight = torch.cat([ends, ranked], 2) - torch.cat([ranked, ends * 0], 2)
    result = weight[..., :1] * _gather(flat, corner)
    for step in range(3):
        corner = corner + stride[order[..., step]]
        result = result + weight[..., step + 1, None] * _gather(flat, corner)
    return result.transpose(1, 2).reshape(count, 3, height, width)


def _gather(flat: Tensor, index: Tensor) -> Tensor:
    return flat.gather(1, index[..., None].expand(-1, -1, 3))


def _curves(table: Tensor, unit: Tensor) -> Tensor:
    position = unit.nan_to_num(0.0, 1.0, 0.0).clamp(0, 1) * (len(table) - 1)
    below = position.detach().floor().clamp(max=len(table) - 2)
    fraction = position - below
    channel = torch.arange(3, device=unit.device)[:, None, None]
    low, high = (table[below.long() + step, channel] for step in (0, 1))
    return low + fraction * (high - low)
