"""Histogram equalisation and CLAHE as OpenCV defines them, under three colour rules.

Both work on 8-bit codes: the input is rounded to 8 bits first and the result has 8 bits. The
definitions matter: for plain equalisation the rule of Pillow, torchvision and kornia differs from
OpenCV's by up to 26 codes, and scikit-image's CLAHE by up to 24 at any setting.

References
----------
Gonzalez & Woods, Digital Image Processing, section 3.3 (equalisation).
Zuiderveld, Contrast limited adaptive histogram equalization, Graphics Gems IV, 1994.
OpenCV, cv::equalizeHist and cv::CLAHE.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from .image import PlaneOperator, checked, from_codes, on_lab, on_rgb, on_y, to_codes

CLIP_LIMIT = 2.0  # OpenCV's tutorial value; its unit is the mean bin count of a tile
TILES = 8  # per axis


def he_rgb(encoded: np.ndarray) -> np.ndarray:
    """Equalise the histograms of R, G and B separately."""
    return _on_codes(encoded, on_rgb, cv2.equalizeHist)


def he_y(encoded: np.ndarray) -> np.ndarray:
    """Equalise the histogram of Y in YCrCb."""
    return _on_codes(encoded, on_y, cv2.equalizeHist)


def he_lab(encoded: np.ndarray) -> np.ndarray:
    """Equalise the histogram of L in CIE Lab."""
    return _on_codes(encoded, on_lab, cv2.equalizeHist)


def clahe_rgb(
    encoded: np.ndarray, *, clip_limit: float = CLIP_LIMIT, tiles: int = TILES
) -> np.ndarray:
    """Apply CLAHE to R, G and B separately."""
    return _on_codes(encoded, on_rgb, _clahe(clip_limit, tiles))


def clahe_y(
    encoded: np.ndarray, *, clip_limit: float = CLIP_LIMIT, tiles: int = TILES
) -> np.ndarray:
    """Apply CLAHE to Y in YCrCb."""
    return _on_codes(encoded, on_y, _clahe(clip_limit, tiles))


def clahe_lab(
    encoded: np.ndarray, *, clip_limit: float = CLIP_LIMIT, tiles: int = TILES
) -> np.ndarray:
    """Apply CLAHE to L in CIE Lab."""
    return _on_codes(encoded, on_lab, _clahe(clip_limit, tiles))


def _clahe(clip_limit: float, tiles: int) -> PlaneOperator:
    return cv2.createCLAHE(clipLimit=clip_limit, tileGridSize=(tiles, tiles)).apply


def _on_codes(
    encoded: np.ndarray,
    colour_rule: Callable[[np.ndarray, PlaneOperator], np.ndarray],
    operate: PlaneOperator,
) -> np.ndarray:
    return from_codes(colour_rule(to_codes(checked(encoded)), operate))
