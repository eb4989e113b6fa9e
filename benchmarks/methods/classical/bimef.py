"""BIMEF: fuse the image with one synthetic longer exposure.

References
----------
Ying, Li & Gao, A bio-inspired multi-exposure fusion framework for low-light image enhancement,
arXiv:1711.00591, 2017: its weight matrix, camera response model and entropy rule, its constants.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.optimize import minimize_scalar

from datagen.images.resample import resize
from luts.tool import exact

from .image import checked
from .smooth import smooth

FUSION_EXPONENT = 0.5
SMOOTHNESS, WINDOW, SHARPNESS = 0.5, 5, 1e-3
RESPONSE_A, RESPONSE_B = -0.3293, 1.1258  # the beta-gamma camera model averaged over 201 cameras
DARK = 0.5  # illumination below which a pixel counts as under-exposed
RATIOS = (1.0, 7.0)  # exposure ratios searched
THUMBNAIL = 50  # pixels a side, on which the entropy is taken
FLARE = 0.01  # subtracted from the synthetic exposure


def bimef(encoded: np.ndarray) -> np.ndarray:
    """Blend the image with a brighter exposure of it where it is dark.

    The exposure ratio is the one that makes the dark pixels most informative (largest entropy).
    """
    light = _illumination(checked(encoded).max(axis=2))
    weight = np.clip(light, 0, 1)[..., None] ** np.float32(FUSION_EXPONENT)
    brighter = _exposed(encoded, _best_ratio(encoded, light)) - np.float32(FLARE)
    return np.clip(weight * encoded + (1 - weight) * brighter, 0, 1)


def _illumination(brightest: np.ndarray) -> np.ndarray:
    """Smooth the brightest channel at half size, keeping edges."""
    height, width = brightest.shape
    half = (max(1, width // 2), max(1, height // 2))
    small = cv2.resize(brightest, half, interpolation=cv2.INTER_AREA).reshape(half[::-1])
    dx = np.diff(small, axis=1, append=small[:, -1:])
    dy = np.diff(small, axis=0, append=small[-1:])
    kernel = np.ones(WINDOW, np.float32)
    wide_x = cv2.sepFilter2D(dx, -1, kernel, np.ones(1, np.float32))
    wide_y = cv2.sepFilter2D(dy, -1, np.ones(1, np.float32), kernel)
    wx = SMOOTHNESS / (np.abs(wide_x) * np.abs(dx) + SHARPNESS)
    wy = SMOOTHNESS / (np.abs(wide_y) * np.abs(dy) + SHARPNESS)
    light = smooth(small, wx[:, :-1], wy[:-1])
    return cv2.resize(light, (width, height), interpolation=cv2.INTER_LINEAR).reshape(height, width)


def _exposed(encoded: np.ndarray, ratio: float) -> np.ndarray:
    """Apply the camera response model: exp(b (1 - k^a)) P^(k^a)."""
    gamma = float(exact.raised(ratio, RESPONSE_A))
    factor = float(exact.exp(RESPONSE_B * (1 - gamma)))
    if encoded.dtype == np.float64:
        return factor * exact.raised(encoded, gamma)
    return np.float32(factor) * encoded ** np.float32(gamma)


def _best_ratio(encoded: np.ndarray, light: np.ndarray) -> float:
    """The ratio of largest entropy: a jagged function, so it is evaluated exactly."""
    size = (THUMBNAIL, THUMBNAIL)
    red, green, blue = np.moveaxis(resize(encoded, size), -1, 0)
    dark = resize(light, size) < DARK
    brightness = exact.cbrt(red * green * blue)[dark]  # the paper's geometric mean of R, G, B
    if brightness.size == 0:
        return 1.0

    def negative_entropy(ratio: float) -> float:
        codes = np.clip(_exposed(brightness, ratio), 0, 1) * 255 + 0.5
        share = np.bincount(codes.astype(np.uint8)) / brightness.size
        share = share[share > 0]
        return float((share * exact.log(share)).sum())

    return float(minimize_scalar(negative_entropy, bounds=RATIOS, method="bounded").x)
