"""Power curves on encoded values: a fixed one, and one that brings the mean luma to one half."""

from __future__ import annotations

import cv2
import numpy as np

from .image import checked

FIXED_EXPONENT = 1 / 2.2  # the usual "gamma 2.2 brightening"
MEAN_LIMITS = (1 / 255, 254 / 255)  # beyond, the image is black or white and no exponent helps


def gamma(encoded: np.ndarray, *, exponent: float = FIXED_EXPONENT) -> np.ndarray:
    """Raise R, G and B to a fixed power; below 1 brightens.

    Parameters
    ----------
    encoded : (H, W, 3) float32 in [0, 1]
    exponent : > 0
    """
    if not exponent > 0:
        raise ValueError(f"the exponent of a gamma curve is above 0, got {exponent}")
    return cv2.pow(checked(encoded), exponent).reshape(encoded.shape)


def auto_gamma(encoded: np.ndarray) -> np.ndarray:
    """Raise R, G and B to the power log(0.5) / log(m), m the mean Rec. 601 luma of the image.

    A grey image of level m lands exactly on 0.5. The mean is kept within a code of the ends, so
    black stays black and white stays white.
    """
    luma = cv2.cvtColor(checked(encoded), cv2.COLOR_RGB2GRAY)
    mean = float(np.clip(luma.mean(dtype=np.float64), *MEAN_LIMITS))
    return gamma(encoded, exponent=float(np.log(0.5) / np.log(mean)))
