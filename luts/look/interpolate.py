"""Smooth curves through dragged points that never overshoot them.

Made of the four operations alone, which give the same bits on every machine. scipy's PCHIP, which
the tests compare, promises less.

References
----------
Fritsch and Butland, "A method for constructing local monotone piecewise cubic interpolants", SIAM
J. Sci. Stat. Comput. 5(2), 1984.
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
    width = np.diff(x)
    chord = np.diff(y) / width
    slope = _slopes(width, chord)

    def curve(at: np.ndarray) -> np.ndarray:
        held = np.clip(at, x[0], x[-1])
        cell = np.clip(np.searchsorted(x, held, side="right") - 1, 0, len(width) - 1)
        h, rise, left, right = width[cell], chord[cell], slope[cell], slope[cell + 1]
        t = (held - x[cell]) / h
        cubic = left + t * (3 * rise - 2 * left - right + t * (left + right - 2 * rise))
        below, above = np.minimum(at - x[0], 0), np.maximum(at - x[-1], 0)
        return y[cell] + h * t * cubic + slope[0] * below + slope[-1] * above

    return curve


def _slopes(width: np.ndarray, chord: np.ndarray) -> np.ndarray:
    """The slopes at the points: weighted harmonic means, 0 where the chords turn."""
    if len(chord) == 1:
        return np.repeat(chord, 2)
    slope = np.zeros(len(chord) + 1)
    one, two = 2 * width[1:] + width[:-1], width[1:] + 2 * width[:-1]
    same = chord[:-1] * chord[1:] > 0
    before, after = np.where(same, chord[:-1], 1), np.where(same, chord[1:], 1)
    slope[1:-1] = np.where(same, (one + two) / (one / before + two / after), 0)
    slope[0] = _end(*width[:2], *chord[:2])
    slope[-1] = _end(*width[:-3:-1], *chord[:-3:-1])
    return slope


def _end(h0: float, h1: float, m0: float, m1: float) -> float:
    """The three-point formula, held to the sign and to three times the end chord."""
    slope = ((2 * h0 + h1) * m0 - h0 * m1) / (h0 + h1)
    if np.sign(slope) != np.sign(m0):
        return 0.0
    return 3 * m0 if np.sign(m0) != np.sign(m1) and abs(slope) > 3 * abs(m0) else slope


def around(points: Points, turn: float = 360.0) -> Curve:
    """The same, periodic: as if the points went on to both sides."""
    laps = [(x + lap * turn, y) for lap in (-1, 0, 1) for x, y in points]
    curve = through(points if len(points) == 1 else laps)
    return lambda at: curve(np.mod(at, turn))
