"""Is a reference the same picture, pixel on pixel? Sizes, crop and sub-pixel shift; else a reason.

References
----------
Kuglin & Hines, "The phase correlation image alignment method", 1975; the sub-pixel peak is that of
Foroosh et al., "Extension of phase correlation to subpixel registration", IEEE TIP 2002 (OpenCV's
centroid variant).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from luts.colour.colorimetry import luminance
from luts.colour.transfer import encode_srgb

from .resample import resize

MAX_SHIFT = 1.0  # pixels at working size; further apart the pair is refused
# Of the correlation peak, over 20 photos at 96 to 512 pixels, as shot and darkened to a mean of
# 0.01 to 0.03 with noise: true pairs 0.55 or more (23 pairs of EUVP: 0.71), of other pictures 0.16
# or less from 256 pixels. A lower peak says nothing about a shift, and below EVIDENCE nothing shows
# that both are the same picture.
MIN_RESPONSE = 0.15
EVIDENCE = 0.35
TURNED = 0.5  # of a picture that was mirrored or turned, once it is turned back
SAME_SHAPE = 0.005  # relative difference of the aspect ratios that rounding may cause


@dataclass(frozen=True, eq=False)
class Aligned:
    """A reference at working size, and how sure it is that it shows the picture."""

    encoded: np.ndarray  # (H, W, 3) float32
    response: float  # see `shift`
    enlarged: float = 1.0  # so many times, to reach the working size

    @property
    def proven(self) -> bool:
        """Whether the response is evidence that both are one picture."""
        return self.response >= EVIDENCE


def align_to(encoded: np.ndarray, size: tuple[int, int], *, guide: np.ndarray) -> Aligned:
    """Bring a reference to the working size, or refuse it.

    Parameters
    ----------
    encoded : (H, W, 3) float32, the reference at its own size
    size : height and width to bring it to
    guide : (height, width, 3) float, scene-linear, the picture it must lie on

    Raises
    ------
    ValueError
        Another shape, shifted by more than a pixel, mirrored or turned.
    """
    height, width = encoded.shape[:2]
    if abs(width / height / (size[1] / size[0]) - 1) > SAME_SHAPE + 1 / min(size):
        raise ValueError(
            f"{width} x {height} pixels do not have the shape of the picture, {size[1]} x {size[0]}"
        )
    if (height, width) != tuple(size):
        encoded = np.asarray(np.clip(resize(encoded, size, enlarge="cubic"), 0, 1), np.float32)
    picture = encode_srgb(np.clip(guide, 0, 1))
    dx, dy, response = shift(encoded, picture)
    off = np.hypot(dx, dy) > MAX_SHIFT
    if (off or response < EVIDENCE) and (how := turned(encoded, picture)):
        raise ValueError(f"is {how}")
    if response >= MIN_RESPONSE and off:
        raise ValueError(f"is shifted by {dx:+.2f}, {dy:+.2f} pixels; {MAX_SHIFT:g} is allowed")
    return Aligned(encoded, response, max(size[0] / height, 1.0))


def turned(estimate: np.ndarray, reference: np.ndarray) -> str:
    """How a picture was mirrored or turned against another; "" where it was not."""
    for how, axes in (("mirrored", 1), ("mirrored top to bottom", 0), ("upside down", (0, 1))):
        dx, dy, response = shift(np.ascontiguousarray(np.flip(estimate, axes)), reference)
        if response >= TURNED and np.hypot(dx, dy) <= 2 * MAX_SHIFT:
            return how
    return ""


def shift(estimate: np.ndarray, reference: np.ndarray) -> tuple[float, float, float]:
    """Sub-pixel shift of one picture against another.

    Parameters
    ----------
    estimate, reference : (H, W, 3) float, encoded, same size

    Returns
    -------
    dx, dy in pixels (positive: the estimate lies to the right, or below), and the response, the
    share of the correlation that agrees on this shift. Good to about 0.15 pixels.
    """
    one, two = (_edges(picture) for picture in (reference, estimate))
    window = cv2.createHanningWindow(one.shape[::-1], cv2.CV_32F)
    (dx, dy), response = cv2.phaseCorrelate(one, two, window)
    return float(dx), float(dy), float(response)


def _edges(encoded: np.ndarray) -> np.ndarray:
    """Gradient magnitude of the luminance: retouching changes it less than brightness."""
    grey = luminance(encoded).astype(np.float32)
    return cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
