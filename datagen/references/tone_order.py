"""Keep the order of neighbouring tones: what is brighter in the scene is not darker in the picture.

A blend of exposures reverses it here and there, at the foot of strong edges above all. Every pair
of neighbours that came out the wrong way round is brought together, over and over: projections onto
convex sets lead to a picture without such pairs, near the one they started from.

References
----------
Bregman, "The method of successive projection for finding a common point of convex sets", 1965.
"""

from __future__ import annotations

from typing import Any

import numpy as np

TOLERANCE = 0.5 / 255  # encoded: what rounding to 8 bits does anyway
GOAL = 0.25 / 255  # where a pair is brought to; short of the tolerance, so that sweeps end
MOST_SWEEPS = 24


def keep_order(tone: np.ndarray, light: np.ndarray) -> np.ndarray:
    """Bring neighbours that contradict the scene together.

    Parameters
    ----------
    tone : (H, W) float32, encoded tone of a picture
    light : (H, W) float32, luminance of the scene, in any unit

    Returns
    -------
    (H, W) float32, within the range of `tone`.
    """
    tone = tone.copy()
    pairs = disjoint_pairs(*tone.shape)
    signs = [np.sign(light[one] - light[two]) for one, two in pairs]
    for _ in range(MOST_SWEEPS):
        found = zip(pairs, signs, strict=True)
        mended = [_mend(tone, one, two, sign) for (one, two), sign in found]
        if not any(mended):
            break
    return tone


def disjoint_pairs(height: int, width: int) -> list[tuple]:
    """Indices of all neighbours, in four sets of pairs that share no pixel."""
    along = [
        (slice(first, first + 2 * count, 2), slice(first + 1, first + 1 + 2 * count, 2))
        for length in (width, height)
        for first, count in ((0, length // 2), (1, (length - 1) // 2))
    ]
    columns, rows = along[:2], along[2:]
    whole = slice(None)
    return [
        *(((..., whole, one), (..., whole, two)) for one, two in columns),
        *(((..., one, whole), (..., two, whole)) for one, two in rows),
    ]


def _mend(tone: np.ndarray, one: tuple[Any, ...], two: tuple[Any, ...], sign: np.ndarray) -> bool:
    """Mend one set of pairs in place; was there anything to mend?"""
    wrong = (tone[two] - tone[one]) * sign
    if not (wrong > np.float32(TOLERANCE)).any():
        return False
    change = np.maximum(wrong - np.float32(GOAL), np.float32(0)) * sign * np.float32(0.5)
    tone[one] += change
    tone[two] -= change
    return True
