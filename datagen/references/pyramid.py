"""Halve and double pictures: the two steps of Burt and Adelson's pyramid, exact on every processor.

Elementwise sums and products of float32 alone, each correctly rounded and never fused, so that no
vector unit or library changes a bit.

References
----------
Burt & Adelson, "The Laplacian pyramid as a compact image code", IEEE Trans. Communications 31(4),
1983: the kernel (1, 4, 6, 4, 1) / 16.
"""

from __future__ import annotations

import numpy as np

LEAST_SIDE = 2  # pixels of the shorter side at the top of a pyramid


def depth_of(size: tuple[int, int]) -> int:
    """How often a picture is halved: until the shorter side would fall below LEAST_SIDE.

    The top then shows the whole picture at any size, so that a blend adapts to what is in the
    picture and not to the number of its pixels. A shorter pyramid leaves halos as wide as its top;
    one step more, and shadows are opened over the whole picture or not at all.

    Examples
    --------
    >>> depth_of((64, 96)), depth_of((4000, 6000))
    (5, 10)
    """
    return max(0, (min(size) // LEAST_SIDE).bit_length() - 1)


def halve(planes: np.ndarray) -> np.ndarray:
    """Blur and keep every second pixel: (..., H, W) float32 -> (..., ceil(H/2), ceil(W/2))."""
    return _halve_rows(_halve_rows(planes).swapaxes(-1, -2)).swapaxes(-1, -2)


def double(planes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Undo the size of `halve` by the same kernel: (..., h, w) float32 -> (..., H, W) of `size`."""
    taller = _double_rows(planes, size[0])
    return _double_rows(taller.swapaxes(-1, -2), size[1]).swapaxes(-1, -2)


def _halve_rows(planes: np.ndarray) -> np.ndarray:
    count = (planes.shape[-2] + 1) // 2
    edged = np.concatenate([planes[..., [0, 0], :], planes, planes[..., [-1, -1], :]], axis=-2)
    rows = [edged[..., first : first + 2 * count - 1 : 2, :] for first in range(5)]
    result = rows[2] * np.float32(6 / 16)
    result += (rows[1] + rows[3]) * np.float32(4 / 16)
    result += (rows[0] + rows[4]) * np.float32(1 / 16)
    return result


def _double_rows(planes: np.ndarray, height: int) -> np.ndarray:
    edged = np.concatenate([planes[..., :1, :], planes, planes[..., -1:, :]], axis=-2)
    before, here, after = edged[..., :-2, :], edged[..., 1:-1, :], edged[..., 2:, :]
    result = np.empty((*planes.shape[:-2], 2 * planes.shape[-2], planes.shape[-1]), planes.dtype)
    result[..., 0::2, :] = here * np.float32(6 / 8) + (before + after) * np.float32(1 / 8)
    result[..., 1::2, :] = (here + after) * np.float32(1 / 2)
    return result[..., :height, :]
