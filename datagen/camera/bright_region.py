"""Segment the brightest region of a scene: the sky, a window, a lit wall."""

from __future__ import annotations

import cv2
import numpy as np

from luts.colour.colorimetry import REC709_LUMINANCE

LUMINANCE = np.float32(REC709_LUMINANCE)
LEAST_CONTRAST_EV = 1.0  # between the region's and the rest's median
SHARES = (0.06, 0.7)  # of the picture; a smaller or larger region is no subject


def bright_region(linear: np.ndarray) -> np.ndarray | None:
    """Find one smooth, connected, bright region.

    Otsu's threshold on blurred log luminance, the largest connected component, holes filled,
    outline smoothed at one percent of the long edge.

    Parameters
    ----------
    linear : (H, W, 3) scene-linear, >= 0

    Returns
    -------
    (H, W) uint8, 255 inside and 0 outside, or None when the picture has no such region.

    References
    ----------
    Otsu, "A threshold selection method from gray-level histograms", 1979.
    """
    luminance = linear @ LUMINANCE
    floor = 1e-3 * max(float(np.quantile(luminance, 0.75)), 1e-12)  # no share of it is the sun's
    stops = np.log2(np.maximum(luminance, floor))
    sigma = max(linear.shape[:2]) / 100
    smooth = cv2.GaussianBlur(stops, (0, 0), sigma)
    low, high = np.percentile(smooth, (1, 99))
    if high <= low:
        return None
    levels = np.asarray(np.clip((smooth - low) / (high - low), 0, 1) * 255, np.uint8)
    _, bright = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    region = _smooth_outline(_fill_holes(_largest(bright)), sigma)
    inside = region > 0
    if not SHARES[0] <= inside.mean() <= SHARES[1]:
        return None
    contrast = np.median(stops[inside]) - np.median(stops[~inside])
    return region if contrast >= LEAST_CONTRAST_EV else None


def _largest(binary: np.ndarray) -> np.ndarray:
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(binary, connectivity=4)
    areas = statistics[1:, cv2.CC_STAT_AREA]
    biggest = 1 + int(areas.argmax()) if areas.size else -1
    return np.where(labels == biggest, np.uint8(255), np.uint8(0))


def _fill_holes(binary: np.ndarray) -> np.ndarray:
    outlines, _ = cv2.findContours(binary, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(np.zeros_like(binary), outlines, -1, 255, cv2.FILLED)


def _smooth_outline(binary: np.ndarray, sigma: float) -> np.ndarray:
    blurred = cv2.GaussianBlur(binary, (0, 0), sigma)
    return _largest(np.where(blurred >= 128, np.uint8(255), np.uint8(0)))
