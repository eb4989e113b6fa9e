"""What looking a colour up in a LUT means: float64 numpy, which every faster way is measured by."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .lut import Lut1D, Lut3D

TILE = 1 << 14  # pixels worked on at a time: about 5 MB of scratch


def look_up(steps: tuple, encoded: np.ndarray, result: np.ndarray, interpolation: str) -> None:
    """The definition: float64 throughout, a tile at a time."""
    rule = {"tetrahedral": tetrahedral, "trilinear": trilinear}[interpolation]
    integer = encoded.dtype.kind == "u"
    white = np.iinfo(encoded.dtype).max if integer else 1.0
    target = result.reshape(-1, 3)
    source = encoded.reshape(-1, 3)
    for start in range(0, len(source), TILE):
        values = source[start : start + TILE].astype(np.float64) / white
        for step in steps:
            values = _one_table(step, values, rule)
        if integer:
            values = np.floor(np.clip(values, 0, 1) * white + 0.5)
        target[start : start + TILE] = values


def _one_table(step: Lut1D | Lut3D, values: np.ndarray, rule: Callable) -> np.ndarray:
    """Apply one table to (n, 3) float64 values."""
    low, high = np.array(step.domain_min), np.array(step.domain_max)
    # fmax, not maximum: it takes NaN to 0.
    position = np.fmin(np.fmax((values - low) / (high - low), 0), 1) * (step.size - 1)
    if isinstance(step, Lut3D):
        return rule(step.table, position)
    floor = np.minimum(position.astype(np.intp), step.size - 2)
    fraction = position - floor
    channel = np.arange(3)
    table = step.table.astype(np.float64)
    return (1 - fraction) * table[floor, channel] + fraction * table[floor + 1, channel]


def tetrahedral(table: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Interpolate a cube by the four corners of the tetrahedron a colour lies in.

    With the fractions inside the cell sorted f1 >= f2 >= f3 and the corners reached by stepping
    along the axes in that order, (1-f1) V0 + (f1-f2) V1 + (f2-f3) V2 + f3 V3.

    Parameters
    ----------
    table : (n, n, n, 3) indexed [red, green, blue, channel]
    position : (m, 3) float64 in [0, n - 1], in units of nodes

    Returns
    -------
    (m, 3) float64

    References
    ----------
    Sakamoto and Itooka, US patent 4275413 (1981); Kasson et al., "Performing color space
    conversions with three-dimensional linear interpolation", J. Electronic Imaging 4(3), 1995.
    """
    size = table.shape[0]
    flat = table.reshape(-1, 3)
    place = np.ascontiguousarray(position.T)
    cell = np.minimum(place.astype(np.intp), size - 2)
    red, green, blue = place - cell
    along = size * size, size, 1  # from a node to its neighbour, by axis
    reds_first = red >= green
    brighter, darker = np.maximum(red, green), np.minimum(red, green)
    high, low = np.maximum(brighter, blue), np.minimum(darker, blue)
    middle = np.maximum(darker, np.minimum(brighter, blue))
    first = np.where(brighter >= blue, np.where(reds_first, along[0], along[1]), along[2])
    last = np.where(blue <= darker, along[2], np.where(reds_first, along[1], along[0]))
    corner = (cell[0] * size + cell[1]) * size + cell[2]
    white = corner + sum(along)
    result = (1 - high)[:, None] * flat.take(corner, 0)
    result += (high - middle)[:, None] * flat.take(corner + first, 0)
    result += (middle - low)[:, None] * flat.take(white - last, 0)
    result += low[:, None] * flat.take(white, 0)
    return result


def trilinear(table: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Interpolate a cube by the eight corners of the cell a colour lies in.

    Parameters and result as in `tetrahedral`.
    """
    size = table.shape[0]
    flat = table.reshape(-1, 3)
    cell = np.minimum(position.astype(np.intp), size - 2)
    fraction = position - cell
    result = np.zeros(position.shape)
    for corner in np.ndindex(2, 2, 2):
        weight = np.where(corner, fraction, 1 - fraction).prod(axis=1, keepdims=True)
        index = np.ravel_multi_index(tuple((cell + corner).T), (size, size, size))
        result += weight * flat[index]
    return result
