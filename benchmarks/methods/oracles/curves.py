"""The best monotone curve, common or per channel: ceilings of tone curves of any shape.

Isotonic regression is the exact optimum over all rising curves, on encoded values, where PSNR is
measured. A gain of linear light is one such curve, so `gain` never beats `curve`.

References
----------
Busing, Monotone regression: a simple and fast O(n) PAVA implementation, J. Stat. Software 102, 2022
(as scipy.optimize.isotonic_regression).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import isotonic_regression

from .levels import LevelSums, level_sums


def curve(degraded: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Apply the one rising curve that brings all channels nearest to the reference.

    Parameters
    ----------
    degraded, reference : (H, W, 3) float32, encoded, in [0, 1]

    Returns
    -------
    (H, W, 3) float32, encoded, in [0, 1].
    """
    sums = level_sums(degraded, reference)
    common = _rising(sums.count.sum(axis=0), sums.total.sum(axis=0))
    return sums.render(np.stack([common] * 3))


def three_curves(degraded: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Apply the best rising curve of each channel. Arguments and result as in `curve`."""
    sums = level_sums(degraded, reference)
    return sums.render(best_three_curves(sums))


def best_three_curves(sums: LevelSums) -> np.ndarray:
    """Return the best rising curve of each channel, (3, L) float64."""
    return np.stack([_rising(n, t) for n, t in zip(sums.count, sums.total, strict=True)])


def _rising(count: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Fit a rising curve to the mean answer of each level, and bridge levels without pixels."""
    seen = np.flatnonzero(count)
    fit = isotonic_regression(total[seen] / count[seen], weights=count[seen]).x
    return np.interp(np.arange(len(count)), seen, fit)
