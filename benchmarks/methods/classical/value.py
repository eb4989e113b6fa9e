"""V of HSV, and changing it while hue and saturation stay."""

from __future__ import annotations

import numpy as np


def value_of(encoded: np.ndarray) -> np.ndarray:
    """Return V, the largest of R, G and B, (H, W)."""
    return encoded.max(axis=2)


def with_value(encoded: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Scale each pixel to a new V in [0, 1]; black has no colour to scale and stays black.

    Parameters
    ----------
    encoded : (H, W, 3) float32 in [0, 1]
    value : (H, W) float
    """
    old = value_of(encoded)[..., None]
    new = np.clip(value, 0, 1).astype(np.float32)[..., None]
    return encoded / np.where(old > 0, old, 1) * new
