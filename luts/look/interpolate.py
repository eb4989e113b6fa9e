"""Smooth curves through dragged points that never overshoot them.

References
----------
Fritsch and Butland, SIAM J. Sci. Stat. Comput. 5(2), 1984: PCHIP, as scipy has it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Points = Sequence[tuple[float, float]]
Curve = Callable[[np.ndarray], np.ndarray]


def through(points: Points) -> Curve:
    """The monotone cubic through points of rising x; outside them the end tangents continue."""
    x, y = np.transpose(points)
    if len(x) == 1:
        return lambda at: np.full(np.shape(at), y[0])
    from scipy.interpolate import PchipInterpolator

    inside = PchipInterpolator(x, y)
    slope = inside.derivative()([x[0], x[-1]])

    def curve(at: np.ndarray) -> np.ndarray:
        held = np.clip(at, x[0], x[-1])
        below, above = np.minimum(at - x[0], 0), np.maximum(at - x[-1], 0)
        return inside(held) + slope[0] * below + slope[1] * above

    return curve


def around(points: Points, turn: float = 360.0) -> Curve:
    """The same, periodic: as if the points went on to both sides."""
    laps = [(x + lap * turn, y) for lap in (-1, 0, 1) for x, y in points]
    curve = through(points if len(points) == 1 else laps)
    return lambda at: curve(np.mod(at, turn))
