"""What every classical method takes and gives, and the colour rules it may work by."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

PlaneOperator = Callable[[np.ndarray], np.ndarray]


def checked(encoded: np.ndarray) -> np.ndarray:
    """Return `encoded` if it is what a classical method takes, and say what it is otherwise.

    Parameters
    ----------
    encoded : (H, W, 3) float32 in [0, 1], at least one pixel

    Raises
    ------
    TypeError, ValueError : another dtype or shape, no pixels, NaN, or values outside [0, 1].
    """
    if encoded.dtype != np.float32:
        raise TypeError(f"a classical method takes float32 in [0, 1], got {encoded.dtype}")
    if encoded.ndim != 3 or encoded.shape[2] != 3 or encoded.size == 0:
        raise ValueError(f"a classical method takes (H, W, 3) pixels, got {encoded.shape}")
    low, high = float(encoded.min()), float(encoded.max())
    if not (low >= 0 and high <= 1):  # also true for NaN
        raise ValueError(f"a classical method takes values in [0, 1], got {low:g} to {high:g}")
    return encoded


def to_codes(encoded: np.ndarray) -> np.ndarray:
    """Round to 8-bit codes, half to even, as `numpy.rint` does and at eight times its speed."""
    return cv2.convertScaleAbs(encoded, alpha=255).reshape(encoded.shape)


def from_codes(codes: np.ndarray) -> np.ndarray:
    """Turn 8-bit codes into float32 in [0, 1]."""
    return np.multiply(codes, np.float32(1 / 255), dtype=np.float32)


def on_rgb(codes: np.ndarray, operate: PlaneOperator) -> np.ndarray:
    """Apply an operator to R, G and B separately. Colours may shift.

    Parameters
    ----------
    codes : (H, W, 3) uint8
    operate : (H, W) uint8 -> (H, W) uint8
    """
    return cv2.merge([operate(plane) for plane in cv2.split(codes)])


def on_y(codes: np.ndarray, operate: PlaneOperator) -> np.ndarray:
    """Apply an operator to Y of OpenCV's 8-bit YCrCb (Rec. 601 luma), keeping Cr and Cb."""
    return _on_first(codes, operate, (cv2.COLOR_RGB2YCrCb, cv2.COLOR_YCrCb2RGB))


def on_lab(codes: np.ndarray, operate: PlaneOperator) -> np.ndarray:
    """Apply an operator to L of OpenCV's 8-bit CIE Lab, keeping a and b.

    The round trip through 8-bit Lab alone moves colours by a code or two: it belongs to the
    baseline that people run, so it is kept.
    """
    return _on_first(codes, operate, (cv2.COLOR_RGB2Lab, cv2.COLOR_Lab2RGB))


def _on_first(codes: np.ndarray, operate: PlaneOperator, there_back: tuple[int, int]) -> np.ndarray:
    there, back = there_back
    planes = cv2.cvtColor(codes, there)
    cv2.insertChannel(operate(cv2.extractChannel(planes, 0)), planes, 0)
    return cv2.cvtColor(planes, back)
