"""A global method made local from outside: its result where the region map says, else the input."""

from __future__ import annotations

import numpy as np

from datagen.regions.labels import alpha, ideal


def blend(estimate: np.ndarray, degraded: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Keep a global result in A, the input in C, and blend in B by alpha in linear light.

    Parameters
    ----------
    estimate, degraded : (H, W, 3) float32, encoded
    regions : (H, W) uint8 labels: 2 = A, 1 = B, 0 = C

    Returns
    -------
    (H, W, 3) float32, encoded; A and C are the estimate's and the input's own pixels.
    """
    if not estimate.shape[:2] == degraded.shape[:2] == regions.shape:
        raise ValueError(
            f"a blend needs one size, got {estimate.shape}, {degraded.shape} and {regions.shape}"
        )
    return ideal(degraded, estimate, alpha(regions))
