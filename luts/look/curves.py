"""Layer of curves: one per channel, then one on all three, through points that were dragged."""

from __future__ import annotations

import numpy as np

from .interpolate import through
from .kind import MAX_AMOUNT, Kind, Values, always
from .parameter import Parameter

NAMES = ("master", "red", "green", "blue")
STRAIGHT = ((0.0, 0.0), (1.0, 1.0))
_FINE = np.linspace(0, 1, 257)
_MIN_SLOPE = 0.02  # left of a curve when a whole look is scaled up


def bend(encoded: np.ndarray, values: Values, strength: float) -> np.ndarray:
    """Bend each channel by its own curve, then all by the master; encoded values.

    Strength mixes each curve with the straight line, which is scaling its displacements.
    """
    master = through(values["master"])
    result = np.empty_like(encoded)
    for channel, name in enumerate(NAMES[1:]):
        x = encoded[..., channel]
        x = x + strength * (through(values[name])(x) - x)
        result[..., channel] = x + strength * (master(x) - x)
    return result


def limit(values: Values) -> float:
    """As far as rising curves still rise."""
    steepest = MAX_AMOUNT
    for name in NAMES:
        slope = np.diff(through(values[name])(_FINE)).min() * (len(_FINE) - 1)
        if slope < 1:
            steepest = min(steepest, (1 - _MIN_SLOPE) / (1 - slope))
    return float(steepest)


CURVES = Kind(
    {
        name: Parameter(STRAIGHT, form="points", help=f"{name} curve, encoded in to encoded out")
        for name in NAMES
    },
    bend,
    "curves through points: master, red, green, blue",
    limit=limit,
    separable=always,
)
