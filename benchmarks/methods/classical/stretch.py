"""Percentile stretch: the "auto levels" of photo editors."""

from __future__ import annotations

import numpy as np

from .image import checked


def percentile_stretch(encoded: np.ndarray, *, low: float = 0.5, high: float = 99.5) -> np.ndarray:
    """Stretch R, G and B separately so that two percentiles land on 0 and 1.

    Parameters
    ----------
    encoded : (H, W, 3) float32 in [0, 1]
    low, high : percentiles, 0 <= low < high <= 100

    Returns
    -------
    (H, W, 3) float32, clipped to [0, 1]. A channel whose two percentiles agree within half an 8-bit
    code has nothing to stretch and stays as it is.
    """
    if not 0 <= low < high <= 100:
        raise ValueError(f"percentiles are 0 <= low < high <= 100, got {low} and {high}")
    flat = checked(encoded).reshape(-1, 3)
    black, white = np.percentile(flat, (low, high), axis=0).astype(np.float32)
    span = white - black
    is_flat = span < 0.5 / 255
    gain = np.where(is_flat, 1, 1 / np.where(is_flat, 1, span)).astype(np.float32)
    offset = np.where(is_flat, 0, -black * gain).astype(np.float32)
    return np.clip(encoded * gain + offset, 0, 1)
