"""A bilateral grid of gains: a multiplier for each place and brightness of a picture.

The grid is predicted on a thumbnail and sliced at every pixel by where it lies and how bright it
is, so gains follow edges at any resolution: bilateral guided upsampling (see `bgu`) with a gain per
channel in place of an affine transform, a third of the numbers. Sample positions are `bgu`'s.
"""

from __future__ import annotations

import functools

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from .bilateral_grid import LUMA, in_tiles, tile_places


def slice_gains(grid: Tensor, images: Tensor) -> Tensor:
    """Look the gains of every pixel up, with gradients for both.

    Parameters
    ----------
    grid : (N, 3, gz, gy, gx) gains in stops of encoded value
    images : (N, 3, H, W) encoded; luma outside [0, 1] is held at the ends

    Returns
    -------
    (N, 3, H, W) multipliers, trilinear in y, x and luma.
    """
    n, _, height, width = images.shape
    luma = (images * images.new_tensor(LUMA).view(3, 1, 1)).sum(1).clamp(0, 1)
    y = _positions(height, images).view(1, height, 1).expand(n, height, width)
    x = _positions(width, images).view(1, 1, width).expand(n, height, width)
    where = torch.stack([x, y, 2 * luma - 1], -1)[:, None]
    sliced = F.grid_sample(grid, where, padding_mode="border", align_corners=True)
    return sliced[:, :, 0].exp2()


def apply_gains(grid: np.ndarray, encoded: np.ndarray) -> np.ndarray:
    """The same for one picture of any size, times the picture, without gradients.

    Parameters
    ----------
    grid : (gy, gx, gz, 3) gains in stops of encoded value
    encoded : (H, W, 3) float32

    Returns
    -------
    (H, W, 3) float32, not clipped. Gains are interpolated, then made multipliers, as above; runs on
    as many threads as OpenCV is set to.
    """
    encoded = np.ascontiguousarray(encoded, np.float32)
    lookup = np.ascontiguousarray(grid.transpose(0, 2, 1, 3), np.float32)  # y, luma, x, channel
    return in_tiles(functools.partial(_multiplied_tile, lookup), encoded, grid.shape[:2])


def _multiplied_tile(
    lookup: np.ndarray, encoded: np.ndarray, y: np.ndarray, x: np.ndarray
) -> np.ndarray:
    """One tile: the luma-by-x slice of each of its rows, one bilinear lookup, times the tile."""
    slices, x, z = tile_places(lookup, encoded, y, x, depth=lookup.shape[1])
    stops = cv2.remap(slices.reshape(-1, *slices.shape[2:]), x, z, cv2.INTER_LINEAR)
    return cv2.multiply(cv2.exp(stops * np.float32(np.log(2))), encoded)


def _positions(count: int, like: Tensor) -> Tensor:
    """Pixel centres as `grid_sample` counts with aligned corners, in [-1, 1]."""
    return (2 * torch.arange(count, dtype=like.dtype, device=like.device) + 1) / count - 1
