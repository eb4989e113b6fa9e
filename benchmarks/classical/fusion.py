"""Exposure fusion, of given images or of an image with itself at other exposures.

References
----------
Mertens, Kautz & Van Reeth, Exposure fusion, Pacific Graphics 2007; as in OpenCV.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from luts.transfer import decode_srgb, encode_srgb

from .image import checked

STOPS = (-2.0, 0.0, 2.0)


def mertens(encoded: np.ndarray, *, stops: Sequence[float] = STOPS) -> np.ndarray:
    """Fuse an image with itself, darker and brighter.

    Parameters
    ----------
    encoded : (H, W, 3) float32 in [0, 1]
    stops : exposures to make, applied to linear light and clipped
    """
    linear = decode_srgb(checked(encoded))
    return fuse([encode_srgb(np.clip(linear * np.float32(2**ev), 0, 1)) for ev in stops])


def fuse(images: Sequence[np.ndarray]) -> np.ndarray:
    """Blend (H, W, 3) encoded images by contrast, saturation and well-exposedness."""
    # OpenCV divides by 255 whatever the type.
    fused = cv2.createMergeMertens(1, 1, 1).process([image * np.float32(255) for image in images])
    return np.clip(fused.reshape(images[0].shape), 0, 1)
