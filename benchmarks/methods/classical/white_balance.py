"""Colour constancy by Minkowski means: grey-world, shades of grey, white-patch.

The illuminant's colour is estimated per channel as a Minkowski mean of linear light, and
divided out (von Kries). The mean luminance is kept: colour changes, exposure stays.

References
----------
Finlayson & Trezzi, Shades of gray and colour constancy, CIC 2004, eq. 5: p = 1 is grey-world
(Buchsbaum 1980), p = 6 their best, p = infinity white-patch (Land & McCann 1971).
"""

from __future__ import annotations

import numpy as np

from luts.colour.colorimetry import REC709_LUMINANCE
from luts.colour.transfer import decode_srgb, encode_srgb

from .image import checked

LUMINANCE = np.float32(REC709_LUMINANCE)
DARKEST = 1e-6  # a channel estimated below this holds no light to judge by


def grey_world(encoded: np.ndarray) -> np.ndarray:
    """Divide out the mean colour."""
    return _balanced(encoded, order=1)


def shades_of_grey(encoded: np.ndarray, *, order: float = 6) -> np.ndarray:
    """Divide out the Minkowski mean of the given order (>= 1)."""
    return _balanced(encoded, order=order)


def white_patch(encoded: np.ndarray) -> np.ndarray:
    """Divide out the per-channel maximum. Does nothing once all three channels clip somewhere."""
    return _balanced(encoded, order=np.inf)


def _balanced(encoded: np.ndarray, *, order: float) -> np.ndarray:
    if not order >= 1:
        raise ValueError(f"the order of a Minkowski mean is at least 1, got {order}")
    linear = decode_srgb(checked(encoded))
    flat = linear.reshape(-1, 3)
    illuminant = _minkowski_mean(flat, order)
    if illuminant.min() < DARKEST:
        return encoded.copy()
    gains = 1 / illuminant
    mean = flat.mean(axis=0, dtype=np.float64)
    gains *= (LUMINANCE @ mean) / (LUMINANCE @ (mean * gains))
    return encode_srgb(np.clip(linear * gains.astype(np.float32), 0, 1))


def _minkowski_mean(flat: np.ndarray, order: float) -> np.ndarray:
    """Return the Minkowski mean of each channel, (3,) float64."""
    peak = flat.max(axis=0).astype(np.float64)
    if np.isinf(order) or peak.min() < DARKEST:
        return peak
    # Relative to the peak: no power of it can underflow to a zero mean.
    relative = flat / peak.astype(np.float32)
    return peak * np.mean(relative**order, axis=0, dtype=np.float64) ** (1 / order)
