"""The two rows that check the harness itself: doing nothing, and knowing the answer."""

from __future__ import annotations

import numpy as np

from .method import Method

CHECKS = {
    "input": Method(
        "benchmarks.methods.checks:untouched",
        "check",
        "the degraded image itself: the floor",
    ),
    "reference": Method(
        "benchmarks.methods.checks:answer", "check", "the ideal image itself: must score perfectly"
    ),
}


def untouched(degraded: np.ndarray, ideal: np.ndarray) -> np.ndarray:
    """Return the (H, W, 3) input."""
    return degraded


def answer(degraded: np.ndarray, ideal: np.ndarray) -> np.ndarray:
    """Return the (H, W, 3) ideal: reference in A, input in C, their blend in B."""
    return ideal
