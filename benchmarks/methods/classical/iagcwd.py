"""IAGCWD: a gamma for every level, from the weighted histogram; bright images as negatives.

References
----------
Cao, Huang, Tian, Huang, Wang & Zhi, Contrast enhancement of brightness-distorted images by improved
adaptive gamma correction, Computers & Electrical Engineering 66, 2018 (arXiv:1709.04427), with its
constants.
"""

from __future__ import annotations

import numpy as np

from .image import checked
from .value import value_of, with_value

EXPECTED_MEAN = 112 / 255
TOLERATED = 0.3  # relative distance from the expected mean
BRIGHT_WEIGHT, DIMMED_WEIGHT = 0.25, 0.75
SMALLEST_GAMMA = 0.5  # the truncated distribution of dimmed images


def iagcwd(encoded: np.ndarray) -> np.ndarray:
    """Correct V of a dimmed or bright image; an image of about the right mean is returned as is."""
    value = value_of(checked(encoded))
    distance = value.mean(dtype=np.float64) / EXPECTED_MEAN - 1
    if distance < -TOLERATED:
        return with_value(encoded, _adapted(value, DIMMED_WEIGHT, SMALLEST_GAMMA))
    if distance > TOLERATED:
        return with_value(encoded, 1 - _adapted(1 - value, BRIGHT_WEIGHT, 0.0))
    return encoded.copy()


def _adapted(value: np.ndarray, weight: float, smallest: float) -> np.ndarray:
    """Raise each value to 1 - c(value), c the weighted cumulative distribution of 256 levels."""
    share = np.bincount(np.rint(value.ravel() * 255).astype(np.uint8), minlength=256) / value.size
    low, high = share.min(), share.max()
    weighted = high * ((share - low) / (high - low)) ** weight
    exponent = np.maximum(1 - np.cumsum(weighted) / weighted.sum(), smallest)
    return value ** np.interp(value * 255, np.arange(256), exponent).astype(np.float32)
