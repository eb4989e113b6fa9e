"""Change the size of a picture with the same result, bit for bit, on every machine.

Shrinking averages over areas, the parts of pixels at an edge by their share. Values are taken in
whole steps of a grid far finer than any code, and the overlaps of source and target pixels along
an axis are whole multiples of 1 / (target pixels), so every sum is one of whole numbers below
2**53: float64 holds it exactly, in whatever order a matrix product adds it up. Enlarging adds two
or four products from left to right.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

BITS = 51  # of the largest sum
ROWS_AT_A_TIME, COLUMNS_AT_A_TIME = 8, 16
SHARPNESS = -0.75  # of the cubic kernel: OpenCV's


def resize(
    image: np.ndarray,
    size: tuple[int, int],
    *,
    table: np.ndarray | None = None,
    enlarge: Literal["linear", "cubic"] = "linear",
) -> np.ndarray:
    """Bring a picture to a size: each axis averaged where it shrinks, interpolated where it grows.

    Parameters
    ----------
    image : (H, W) or (H, W, K) float or integer, finite
    size : height and width of the result
    table : (codes,) float64, what each code of an integer picture stands for; itself when None

    Returns
    -------
    (height, width) or (height, width, K) float64. Means are good to 2**-35 of the largest value.
    """
    height, width = image.shape[:2]
    small = min(height, size[0]), min(width, size[1])
    if small != (height, width):
        image = area_mean(image, small, table=table)
    elif table is not None:
        image = table[image]
    for axis in (0, 1):
        if image.shape[axis] < size[axis]:
            image = _enlarged(image, size[axis], axis, enlarge)
    return image.astype(np.float64, copy=False)


def area_mean(
    image: np.ndarray, size: tuple[int, int], *, table: np.ndarray | None = None
) -> np.ndarray:
    """Average a picture over the areas of the pixels of a smaller one; as `resize`."""
    height, width = image.shape[:2]
    rows, columns = size
    if rows > height or columns > width:
        raise ValueError(f"an average shrinks: {height} x {width} to {rows} x {columns} pixels")
    pixels = image.reshape(height, -1)
    values = pixels if table is None else table
    most = max(float(values.max()), -float(values.min()))
    if not np.isfinite(most):
        raise ValueError("an average is of finite values")
    top = int(np.frexp(most)[1])
    down, across = (_step(top, count) for count in (height, width))
    lines = np.empty((rows, pixels.shape[1]))
    for first, last, start, weights in _overlaps(height, rows, ROWS_AT_A_TIME):
        part = pixels[start : start + weights.shape[1]]
        part = part * down if table is None else table[part] * down
        np.matmul(weights, np.rint(part, out=part), out=lines[first:last])
    lines *= across / (down * height)
    np.rint(lines, out=lines)
    planes = np.ascontiguousarray(lines.reshape(rows, width, -1).transpose(2, 0, 1))
    result = np.empty((*planes.shape[:2], columns))
    for first, last, start, weights in _overlaps(width, columns, COLUMNS_AT_A_TIME):
        result[..., first:last] = planes[..., start : start + weights.shape[1]] @ weights.T
    result /= across * width
    return np.ascontiguousarray(result.transpose(1, 2, 0)).reshape(rows, columns, *image.shape[2:])


def _step(top: int, count: int) -> float:
    """Steps per unit so that `count` values below 2**top add up to less than 2**BITS."""
    return float(np.ldexp(1.0, BITS - top - count.bit_length()))


def _overlaps(source: int, target: int, block: int):
    """Blocks of target pixels: first, last, first source pixel, (pixels, sources) whole overlaps.

    A source pixel is `target` long and a target pixel `source`, so all edges are whole.
    """
    for first in range(0, target, block):
        last = min(first + block, target)
        start, stop = first * source // target, -(-last * source // target)
        left = np.arange(start, stop) * target
        edges = np.arange(first, last + 1)[:, None] * source
        ends = np.minimum(edges[1:], left + target)
        overlap = np.maximum(ends - np.maximum(edges[:-1], left), 0)
        yield first, last, start, overlap.astype(np.float64)


def _enlarged(image: np.ndarray, count: int, axis: int, kernel: str) -> np.ndarray:
    """Interpolate along one axis; beyond the border the last pixel goes on."""
    source = image.shape[axis]
    place = (np.arange(count) + 0.5) * (source / count) - 0.5
    floor = np.floor(place)
    t = place - floor
    taps: tuple[int, ...] = (0, 1)
    weights: tuple[np.ndarray, ...] = (1 - t, t)
    if kernel == "linear":
        pass
    else:
        taps, weights = (-1, 0, 1, 2), (_far(1 + t), _near(t), _near(1 - t), _far(2 - t))
    shape = [1] * image.ndim
    shape[axis] = count
    result = np.zeros((1,) * image.ndim)
    for tap, weight in zip(taps, weights, strict=True):
        index = np.clip(floor + tap, 0, source - 1).astype(np.intp)
        result = result + image.take(index, axis) * weight.reshape(shape)
    return result


def _near(t: np.ndarray) -> np.ndarray:
    """Keys, "Cubic convolution interpolation for digital image processing", 1981, |t| <= 1."""
    return ((SHARPNESS + 2) * t - (SHARPNESS + 3)) * t * t + 1


def _far(t: np.ndarray) -> np.ndarray:
    """The same for 1 <= |t| <= 2."""
    return ((SHARPNESS * t - 5 * SHARPNESS) * t + 8 * SHARPNESS) * t - 4 * SHARPNESS
