"""Bilateral guided upsampling: a correction fitted on a thumbnail, applied at full size.

J. Chen, A. Adams, N. Wadhwa, S. Hasinoff, "Bilateral Guided Upsampling", SIGGRAPH Asia 2016. A
grid over (y, x, luma) of affine colour transforms, such that each thumbnail pixel, sliced and
transformed, becomes what the correction made of it: one sparse least-squares problem, smoothed by
first differences in y and x and second differences in luma. Row weights, boundary rows and sample
positions are those of the code its authors released, with the 22 x 22 x 8 cells of MSEC's copy.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.linalg import solveh_banded
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from luts.torch.layout import to_batch

from .. import ModelError
from .bilateral_grid import LUMA, apply_bgu

FIT_SIDE = 200  # side of the thumbnails MSEC fits on, pixels
GRID = (22, 22, 8)  # cells along y, x and luma
SPATIAL = 1.0
CURVATURE = 4e-7
# Squared weight of rows that pull towards the identity: what the pixels say nothing about, as the
# colours that a grey picture does not have, stays as it is. Without them that has no solution.
TETHER = 1e-10


def fit_bgu(
    low_input: np.ndarray,
    low_output: np.ndarray,
    *,
    grid: tuple[int, int, int] = GRID,
    spatial: float = SPATIAL,
    curvature: float = CURVATURE,
) -> np.ndarray:
    """Fit the grid of affine transforms that turns one thumbnail into the other.

    Parameters
    ----------
    low_input, low_output : (h, w, 3) float, encoded, nominally in [0, 1]; 200 x 200 in MSEC
    grid : cells along y, x and luma; the original default is (h / 16, w / 16, 8)
    spatial, curvature : lambda of the first differences in y and x, of the second ones in luma

    Returns
    -------
    (gy, gx, gz, 4, 3) float32: [red, green, blue, one][output channel].

    Raises ModelError when the thumbnails are not alike, not finite, or a number is out of range.
    """
    _check_fit(low_input, low_output, grid, (spatial, curvature))
    if grid[1] > grid[0]:  # the band of the system is as wide as a row of cells: take the short way
        turned = (np.swapaxes(image, 0, 1) for image in (low_input, low_output))
        across = (grid[1], grid[0], grid[2])
        found = fit_bgu(*turned, grid=across, spatial=spatial, curvature=curvature)
        return np.ascontiguousarray(np.swapaxes(found, 0, 1))
    rows, columns, _ = grid
    unknowns = 4 * int(np.prod(grid))
    reach = ((columns + 1) * grid[2] + 1) * 4 + 4  # entries below the diagonal of A' A, with it
    band = np.zeros((unknowns, reach))
    right = np.zeros((unknowns, 3))
    _add_pixels(band, right, (low_input, low_output), grid)
    cell = (low_input.shape[0] / rows, low_input.shape[1] / columns, 1 / grid[2])
    _add_smoothness(band, grid, cell, (spatial, curvature))
    band[:, 0] += TETHER
    for channel in range(3):
        right[channel::4, channel] += TETHER
    found = solveh_banded(band.T, right, lower=True, overwrite_ab=True, check_finite=False)
    return found.reshape(*grid, 4, 3).astype(np.float32)


def _add_pixels(
    band: np.ndarray,
    right: np.ndarray,
    thumbnails: tuple[np.ndarray, np.ndarray],
    grid: tuple[int, int, int],
) -> None:
    """Add A' A and A' b of the data rows: one per pixel, 8 corners x 4 coefficients wide."""
    low_input, low_output = thumbnails
    positions = _positions(low_input, grid)
    first = [np.minimum(p.astype(int), n - 2) for p, n in zip(positions, grid, strict=True)]
    far = [p - i for p, i in zip(positions, first, strict=True)]
    one = np.ones(len(positions[0]))
    colours = np.column_stack([low_input.reshape(-1, 3), one]).astype(np.float64)
    # Corners in the order of the unknowns: luma fastest, then x, then y.
    y, x, z = (np.stack([1 - f, f], 1) for f in far)
    corners = (y[:, :, None, None] * x[:, None, :, None] * z[:, None, None, :]).reshape(-1, 8)
    equations = (corners[:, :, None] * colours[:, None, :]).reshape(-1, 32)
    equations = np.hstack([equations, low_output.reshape(-1, 3)])

    # Pixels between the same eight corners share their unknowns: one product for all of them.
    cells = np.ravel_multi_index(first, grid)
    order = np.argsort(cells, kind="stable")
    equations, (cells, starts) = equations[order], np.unique(cells[order], return_index=True)
    ends = [*starts[1:], len(equations)]
    products = np.stack(
        [
            equations[start:end, :32].T @ equations[start:end]
            for start, end in zip(starts, ends, strict=True)
        ]
    )
    strides = (grid[1] * grid[2], grid[2], 1)
    offsets = np.add.outer(
        4 * np.add.outer(np.add.outer((0, strides[0]), (0, strides[1])), (0, 1)), range(4)
    ).ravel()
    for j, offset in enumerate(offsets):
        columns = 4 * cells + offset
        right[columns] += products[:, j, 32:]
        band[columns[:, None], offsets[j:] - offset] += products[:, j, j:32]


def _add_smoothness(
    band: np.ndarray,
    grid: tuple[int, int, int],
    cell: tuple[float, float, float],
    weights: tuple[float, float],
) -> None:
    """Add A' A of the smoothness rows, with the `weights` of space and of luma.

    `cell` is its height and width in pixels and its depth in luma. The ends of the luma axis have
    first differences, so that it does not tilt beyond the data.
    """
    (high, wide, deep), (spatial, curvature) = cell, weights
    nodes = band.reshape(*grid, 4, -1)
    along_y = (spatial * wide * deep / high) ** 2
    along_x = (spatial * high * deep / wide) ** 2
    for strength, axis, reach in ((along_y, 0, grid[1] * grid[2]), (along_x, 1, grid[2])):
        swapped = np.swapaxes(nodes, 0, axis)
        swapped[:-1, ..., 0] += strength
        swapped[1:, ..., 0] += strength
        swapped[:-1, ..., 4 * reach] -= strength
    bends = np.diff(np.eye(grid[2] + 2), n=2, axis=0)[:, 1:-1]
    bends[0, 0] = bends[-1, -1] = -1
    bends = (curvature * high * wide / deep**2) ** 2 * bends.T @ bends
    for step in range(min(3, grid[2])):
        nodes[:, :, : grid[2] - step, :, 4 * step] += np.diagonal(bends, step)[:, None]


def _positions(
    encoded: np.ndarray, grid: tuple[int, int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where each pixel is in the grid: y, x and luma in cells, (h w,) each."""
    height, width = encoded.shape[:2]
    y = (np.arange(height) + 0.5) * (grid[0] - 1) / height
    x = (np.arange(width) + 0.5) * (grid[1] - 1) / width
    z = (encoded.reshape(-1, 3) @ np.array(LUMA)).clip(0, 1) * (grid[2] - 1)
    return np.repeat(y, width), np.tile(x, height), z


def upsample_like(low_input: Tensor, low_output: Tensor, images: Tensor) -> Tensor:
    """Apply what was done to thumbnails to whole pictures; see `fit_bgu`. Has no gradient.

    low_input, low_output : (N, 3, h, w); images : (N, 3, H, W). Returns (N, 3, H, W).
    """
    results = []
    for before, after, image in zip(low_input, low_output, images, strict=True):
        before, after = (
            t.detach().permute(1, 2, 0).double().cpu().numpy() for t in (before, after)
        )
        grid = fit_bgu(before, after)
        if image.is_cuda:
            results.append(_apply_on_device(torch.from_numpy(grid).to(image), image))
        else:
            encoded = image.detach().permute(1, 2, 0).float().numpy()
            results.append(to_batch([apply_bgu(grid, encoded)])[0].to(image))
    return torch.stack(results)


def _apply_on_device(grid: Tensor, image: Tensor) -> Tensor:
    """`apply_bgu` in PyTorch: grid (gy, gx, gz, 4, 3), image (3, H, W), on one device."""
    height, width = image.shape[1:]
    y = ((torch.arange(height).to(image) + 0.5) / height)[:, None].expand(height, width)
    x = ((torch.arange(width).to(image) + 0.5) / width).expand(height, width)
    z = torch.einsum("c,chw->hw", image.new_tensor(LUMA), image).clamp(0, 1)
    where = 2 * torch.stack([x, y, z], -1) - 1
    volume = grid.permute(3, 4, 2, 0, 1).flatten(0, 1)
    sliced = F.grid_sample(volume[None], where[None, None], align_corners=True)[0, :, 0]
    coefficients = sliced.unflatten(0, (4, 3))
    return (coefficients[:3] * image[:, None]).sum(0) + coefficients[3]


def _check_fit(
    low_input: np.ndarray,
    low_output: np.ndarray,
    grid: tuple[int, int, int],
    weights: tuple[float, float],
) -> None:
    if low_input.ndim != 3 or low_input.shape[2] != 3 or low_input.shape != low_output.shape:
        raise ModelError(
            f"a grid is fitted on two (h, w, 3) thumbnails, got {low_input.shape} and"
            f" {low_output.shape}"
        )
    if not all(t.dtype.kind == "f" and np.isfinite(t).all() for t in (low_input, low_output)):
        raise ModelError(
            "a grid is fitted on finite float thumbnails, got integers, NaN or infinity"
        )
    if len(grid) != 3 or min(grid) < 2:
        raise ModelError(f"a grid needs at least 2 x 2 x 2 cells, got {tuple(grid)}")
    if min(weights) <= 0:
        raise ModelError(f"spatial and curvature must be positive, got {weights}")
