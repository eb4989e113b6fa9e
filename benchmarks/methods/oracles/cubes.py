"""The best 3D LUT, for one image or for a data set: ceilings of global colour mappings.

The mapping of one image is the best three curves plus a cube of trilinear corrections. So it
contains every three-curve mapping (zero corrections) and, up to the resolution of the lattice,
every cube; a cube alone would lose to the curves where the tone bends between two of its nodes.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from luts.lattice import normal_equations, solve
from luts.lookup import apply
from luts.lut import Lut3D

from .curves import best_three_curves
from .levels import level_sums

# Weight of bending against data, per pixel of an average node. On photographs 1e-2 costs up to
# 0.1 dB of the ceiling and anything below 1e-3 under 0.02 dB.
SMOOTHNESS = 1e-3
# A LUT for unseen images must also guess at colours it never met: smoother.
DATA_SET_SMOOTHNESS = 1e-1


def lut17(degraded: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Apply the best mapping with a cube of 17 nodes per axis.

    Parameters
    ----------
    degraded, reference : (H, W, 3) float32, encoded, in [0, 1]

    Returns
    -------
    (H, W, 3) float32, encoded, in [0, 1].
    """
    return _fitted(degraded, reference, size=17)


def lut33(degraded: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Apply the best mapping with a cube of 33 nodes per axis. As `lut17`."""
    return _fitted(degraded, reference, size=33)


def _fitted(degraded: np.ndarray, reference: np.ndarray, *, size: int) -> np.ndarray:
    sums = level_sums(degraded, reference)
    base = sums.render(best_three_curves(sums))
    equations = normal_equations(degraded.reshape(-1, 3), (reference - base).reshape(-1, 3), size)
    corrections = Lut3D(solve(equations, SMOOTHNESS))
    return np.clip(base + apply(corrections, degraded, interpolation="trilinear"), 0, 1)


def fit_data_set_lut(pairs: Iterable[tuple[np.ndarray, np.ndarray]], *, size: int = 33) -> Lut3D:
    """Fit the one cube that brings all the images of a data set nearest to their references.

    A method that does the same to every image cannot do better. Each pair is read once, and memory
    does not grow with their number.

    Parameters
    ----------
    pairs : (degraded, reference), each (H, W, 3) float32, encoded, in [0, 1]; at least one
    size : nodes per axis

    Returns
    -------
    A plain cube (trilinear), smooth where no pixel of the data set falls.
    """
    total = None
    for degraded, reference in pairs:
        missing = (reference - degraded).reshape(-1, 3)
        equations = normal_equations(degraded.reshape(-1, 3), missing, size)
        total = equations if total is None else total + equations
    if total is None:
        raise ValueError("a data-set LUT needs at least one pair, got none")
    axis = np.linspace(0, 1, size)
    identity = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    return Lut3D(np.clip(identity + solve(total, DATA_SET_SMOOTHNESS), 0, 1))
