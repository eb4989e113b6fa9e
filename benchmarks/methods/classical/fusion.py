"""Exposure fusion, of given images or of an image with itself at other exposures.

References
----------
Mertens, Kautz & Van Reeth, Exposure fusion, Pacific Graphics 2007; details as in OpenCV.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from luts.colour.transfer import decode_srgb, encode_srgb
from luts.tool import exact

from .image import checked

STOPS = (-2.0, 0.0, 2.0)
GREY = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as OpenCV
GREY_STEPS = 2.0**20


def mertens(encoded: np.ndarray, *, stops: Sequence[float] = STOPS) -> np.ndarray:
    """Fuse an image with itself, darker and brighter.

    Parameters
    ----------
    encoded : (H, W, 3) float32 in [0, 1]
    stops : exposures to make, applied to linear light and clipped
    """
    linear = decode_srgb(checked(encoded).astype(np.float64))
    gains = (float(exact.exp2(ev)) for ev in stops)
    return fuse([encode_srgb(np.clip(linear * gain, 0, 1)).astype(np.float32) for gain in gains])


def fuse(images: Sequence[np.ndarray]) -> np.ndarray:
    """Blend (H, W, 3) encoded images by contrast, saturation and well-exposedness.

    As `cv2.createMergeMertens(1, 1, 1)` to 1e-5, but in a fixed order of summation: OpenCV adds the
    images up in whatever order its threads finish, and no two runs agree to the last bit.
    """
    weights = [_quality(image) for image in images]
    total = sum(weights[1:], weights[0])
    height, width = total.shape
    depth = int(np.log2(min(height, width)))
    fused: list[np.ndarray] = []
    for image, weight in zip(images, weights, strict=True):
        masks, bands = _gaussian_pyramid(weight / total, depth), _laplacian_pyramid(image, depth)
        parts = [band * mask[..., None] for band, mask in zip(bands, masks, strict=True)]
        fused = [a + b for a, b in zip(fused, parts, strict=True)] if fused else parts
    result = fused.pop()
    while fused:
        band = fused.pop()
        result = band + _doubled(result, band)
    return np.clip(result, 0, 1)


def _quality(image: np.ndarray) -> np.ndarray:
    """The product of the three measures, each to the power 1, (H, W).

    Exact on every machine. Where a picture is flat, at white above all, only rounding is left
    of its contrast, and it would decide which exposure is shown: grey is taken in steps whose
    sums are exact, and the contrast of what is flat is none.
    """
    grey = np.rint(exact.mix(image, GREY[None])[..., 0] * np.float32(GREY_STEPS))
    contrast = np.abs(cv2.Laplacian(grey, cv2.CV_32F)) / np.float32(GREY_STEPS)
    spread = np.square(image - image.mean(axis=2, keepdims=True)).sum(axis=2)
    off = np.square(image - np.float32(0.5)).sum(axis=2, dtype=np.float64)
    exposed = exact.exp(off / (-2 * 0.2**2)).astype(np.float32)
    return contrast * np.sqrt(spread) * exposed + np.float32(1e-12)


def _gaussian_pyramid(plane: np.ndarray, depth: int) -> list[np.ndarray]:
    levels = [plane]
    for _ in range(depth):
        levels.append(cv2.pyrDown(levels[-1]))
    return levels


def _laplacian_pyramid(image: np.ndarray, depth: int) -> list[np.ndarray]:
    levels = _gaussian_pyramid(image, depth)
    bands = [fine - _doubled(coarse, fine) for fine, coarse in pairwise(levels)]
    return [*bands, levels[-1]]


def _doubled(coarse: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Double a level to the size of a finer one."""
    return cv2.pyrUp(coarse, dstsize=(like.shape[1], like.shape[0])).reshape(like.shape)
