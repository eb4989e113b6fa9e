"""A grid over (y, x, luma), sliced at every pixel of a picture of any size, tile by tile."""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from .. import ModelError

LUMA = (0.25, 0.5, 0.25)
TILE_ROWS, TILE_COLUMNS = 8, 2048  # of a picture: what is computed for a tile stays in the cache


def apply_bgu(grid: np.ndarray, encoded: np.ndarray) -> np.ndarray:
    """Slice a grid at every pixel of a picture and transform the pixel.

    Parameters
    ----------
    grid : (gy, gx, gz, 4, 3) as `fit_bgu` returns it
    encoded : (H, W, 3) float in [0, 1], any size

    Returns
    -------
    (H, W, 3) float32, not clipped. Runs on as many threads as OpenCV is set to.
    """
    _check_apply(grid, encoded)
    encoded = np.ascontiguousarray(encoded, np.float32)
    # (gy, output, luma, x, coefficient): one lookup image per output and row of cells.
    lookup = np.ascontiguousarray(grid.transpose(0, 4, 2, 1, 3), np.float32)
    return in_tiles(functools.partial(_transform_tile, lookup), encoded, grid.shape[:2])


def in_tiles(
    transform: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    encoded: np.ndarray,
    cells: tuple[int, ...],
) -> np.ndarray:
    """Transform a picture tile by tile, on as many threads as OpenCV is set to.

    Parameters
    ----------
    transform : of a tile (h, w, 3), its y (h,) and its x (w,) in cells; gives the new tile
    encoded : (H, W, 3) float32; cells : of the grid along y and x
    """
    height, width = encoded.shape[:2]
    y = (np.arange(height, dtype=np.float32) + 0.5) * (cells[0] - 1) / height
    x = (np.arange(width, dtype=np.float32) + 0.5) * (cells[1] - 1) / width
    result = np.empty_like(encoded)

    def row_of_tiles(top: int) -> None:
        rows = slice(top, top + TILE_ROWS)
        for left in range(0, width, TILE_COLUMNS):
            tile = rows, slice(left, left + TILE_COLUMNS)
            result[tile] = transform(encoded[tile], y[rows], x[tile[1]])

    with ThreadPoolExecutor(max(cv2.getNumThreads(), 1)) as threads:
        list(threads.map(row_of_tiles, range(0, height, TILE_ROWS)))
    return result


def _transform_tile(
    lookup: np.ndarray, encoded: np.ndarray, y: np.ndarray, x: np.ndarray
) -> np.ndarray:
    """One tile: the luma-by-x slice of each of its rows, then a bilinear lookup per output."""
    slices, x, z = tile_places(lookup, encoded, y, x, depth=lookup.shape[2])
    stacked = np.ascontiguousarray(slices.swapaxes(0, 1)).reshape(3, -1, *slices.shape[3:])
    with_one = cv2.cvtColor(encoded, cv2.COLOR_RGB2RGBA)  # an alpha of 1
    return cv2.merge([_dot(cv2.remap(s, x, z, cv2.INTER_LINEAR), with_one) for s in stacked])


def tile_places(
    lookup: np.ndarray, encoded: np.ndarray, y: np.ndarray, x: np.ndarray, *, depth: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the pixels of a tile lie in the slices of its rows, which stand on each other.

    Parameters
    ----------
    lookup : (gy, ...) one lookup image per row of cells; encoded : (h, w, 3) float32
    y, x : (h,) and (w,) positions in cells; depth : cells along luma

    Returns
    -------
    (h, ...) the lookup images of the tile's rows, and x and z (h, w) for `cv2.remap`: no row reads
    beyond the last luma of its own.
    """
    first = np.minimum(y.astype(int), len(lookup) - 2)
    far = (y - first).astype(np.float32).reshape(-1, *[1] * (lookup.ndim - 1))
    slices = lookup[first] + far * (lookup[first + 1] - lookup[first])
    luma = cv2.transform(encoded, np.array([LUMA], np.float32)).reshape(encoded.shape[:2])
    z = luma.clip(0, 1) * np.float32(depth - 1)
    z += depth * np.arange(len(y), dtype=np.float32)[:, None]
    return slices, np.ascontiguousarray(np.broadcast_to(x, z.shape)), z


def _dot(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Sum over the last axis of the product of two (h, w, 4) float32 arrays."""
    # Four floats are two complex numbers: adding those takes half as many strided reads.
    pairs = cv2.multiply(left, right).view(np.complex64)
    total = pairs[..., 0] + pairs[..., 1]
    return total.real + total.imag


def _check_apply(grid: np.ndarray, encoded: np.ndarray) -> None:
    if grid.ndim != 5 or grid.shape[3:] != (4, 3) or min(grid.shape[:3]) < 2:
        raise ModelError(f"a grid of affine transforms is (gy, gx, gz, 4, 3), got {grid.shape}")
    if encoded.ndim != 3 or encoded.shape[2] != 3 or encoded.dtype.kind != "f":
        raise ModelError(f"a picture is (H, W, 3) float, got {encoded.shape} {encoded.dtype}")
