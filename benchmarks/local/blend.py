"""A global method made local from outside: its result where the region map says, else the input.

Every attribute named like a classical method is that method's local version, so a row of METHODS
can name it: `benchmarks.local.blend:lime` is LIME, blended.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np


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
    from datagen.masks import alpha, ideal

    if not estimate.shape[:2] == degraded.shape[:2] == regions.shape:
        raise ValueError(
            f"a blend needs one size, got {estimate.shape}, {degraded.shape} and {regions.shape}"
        )
    return ideal(degraded, estimate, alpha(regions))


def __getattr__(name: str) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    from ..classical import CLASSICAL

    if name not in CLASSICAL:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    method = CLASSICAL[name].load()

    @functools.wraps(method)
    def local(encoded: np.ndarray, regions: np.ndarray) -> np.ndarray:
        return blend(method(encoded), encoded, regions)

    return local
