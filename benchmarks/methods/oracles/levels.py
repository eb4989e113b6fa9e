"""What curve-like oracles need to know of a pair: per channel and input level, the answers' sums.

The squared error of any curve f is sum_v n_v (f(v) - mean_v)^2 plus a constant, so a fit over
65,536 levels is as good as one over all the pixels and does not grow with the image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEVELS = 1 << 16  # 16-bit inputs are exact; floats move by less than 1e-5


@dataclass(frozen=True, eq=False)
class LevelSums:
    """Counts and sums of the reference per level of the degraded image.

    index : (H, W, 3) uint16, which of the L levels each value is
    values : (L,) float64, the encoded levels that occur, rising
    count, total : (3, L) float64
    """

    index: np.ndarray
    values: np.ndarray
    count: np.ndarray
    total: np.ndarray

    def errors(self, curves: np.ndarray) -> np.ndarray:
        """Squared error summed over pixels, less a constant, of (3, L) curves: (3,)."""
        return (curves * (self.count * curves - 2 * self.total)).sum(axis=1)

    def render(self, curves: np.ndarray) -> np.ndarray:
        """Put the image through (3, L) curves: (H, W, 3) float32."""
        curves = curves.astype(np.float32)
        return np.stack([curves[c][self.index[..., c]] for c in range(3)], axis=2)


def level_sums(degraded: np.ndarray, reference: np.ndarray) -> LevelSums:
    """Sum a pair by level.

    Parameters
    ----------
    degraded, reference : (H, W, 3) float32, encoded, the same size
    """
    if degraded.shape != reference.shape or degraded.ndim != 3 or degraded.shape[2] != 3:
        raise ValueError(
            f"an oracle needs two (H, W, 3) images of one size, got {degraded.shape} and "
            f"{reference.shape}"
        )
    code = (degraded * np.float32(LEVELS - 1) + np.float32(0.5)).astype(np.uint16)
    flat = [code[..., c].ravel() for c in range(3)]
    count = np.stack([np.bincount(v, minlength=LEVELS) for v in flat]).astype(np.float64)
    total = np.stack(
        [np.bincount(v, reference[..., c].ravel(), LEVELS) for c, v in enumerate(flat)]
    )
    seen = np.flatnonzero(count.any(axis=0))
    number = np.zeros(LEVELS, np.uint16)
    number[seen] = np.arange(len(seen))
    return LevelSums(number[code], seen / (LEVELS - 1), count[:, seen], total[:, seen])
