"""Multi-scale retinex, without and with colour restoration.

References
----------
Jobson, Rahman & Woodell, A multiscale retinex for bridging the gap between color images and the
human observation of scenes, IEEE TIP 6(7), 1997, with its constants.
Petro, Sbert & Morel, Multiscale retinex, IPOL 2014: the final stretch by 1 % at both ends.
"""

from __future__ import annotations

import cv2
import numpy as np

from .image import checked

SIGMAS = (15.0, 80.0, 250.0)  # pixels
RESTORATION = 125.0
STRETCH = 1.0  # percent at each end
# A wide Gaussian is taken of a reduced image that still has this sigma: within half a code of the
# full one, and a hundred times faster.
REDUCED_SIGMA = 8.0


def msr(encoded: np.ndarray) -> np.ndarray:
    """Log ratio of each channel to its surround at three scales, stretched channel by channel."""
    return _stretched(_retinex(checked(encoded)), encoded)


def msrcr(encoded: np.ndarray) -> np.ndarray:
    """MSR weighted by each pixel's share of the channel, which brings colour back."""
    codes = checked(encoded) * np.float32(255) + 1
    share = np.log(RESTORATION * codes) - np.log(codes.sum(axis=2, keepdims=True))
    return _stretched(_retinex(encoded) * share.astype(np.float32), encoded)


def _retinex(encoded: np.ndarray) -> np.ndarray:
    """Mean over scales of log(1 + code) less the log of its Gaussian surround, (H, W, 3)."""
    codes = encoded * np.float32(255) + 1
    log = np.log(codes)
    return sum(log - np.log(_surround(codes, sigma)) for sigma in SIGMAS) / len(SIGMAS)


def _surround(codes: np.ndarray, sigma: float) -> np.ndarray:
    height, width = codes.shape[:2]
    factor = max(1, int(sigma / REDUCED_SIGMA))
    small = (max(1, width // factor), max(1, height // factor))
    reduced = cv2.resize(codes, small, interpolation=cv2.INTER_AREA)
    scale_x, scale_y = small[0] / width, small[1] / height
    blurred = cv2.GaussianBlur(
        reduced, (0, 0), sigma * scale_x, sigmaY=sigma * scale_y, borderType=cv2.BORDER_REFLECT
    )
    return cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR)


def _stretched(ratio: np.ndarray, encoded: np.ndarray) -> np.ndarray:
    """Map the percentiles of each channel to 0 and 1; without any contrast keep the image."""
    low, high = np.percentile(ratio.reshape(-1, 3), (STRETCH, 100 - STRETCH), axis=0)
    span = high - low
    flat = span < 1e-4
    stretched = (ratio - low) / np.where(flat, 1, span)
    return np.where(flat, encoded, np.clip(stretched, 0, 1)).astype(np.float32)
