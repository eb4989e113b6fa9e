"""OKLab and back, without clipping: a perceptual space in which hue and chroma can be moved.

References
----------
Björn Ottosson, "A perceptual color space for image processing", 2020,
https://bottosson.github.io/posts/oklab/ (matrices from linear sRGB, 2021-01-25 revision).
"""

from __future__ import annotations

import numpy as np

from ..tool import exact
from .transfer import decode_srgb, encode_srgb

LINEAR_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
LMS_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
# The published inverses are rounded to ten digits; ours undo the forward matrices to rounding.
LMS_TO_LINEAR = exact.inverse(LINEAR_TO_LMS)
OKLAB_TO_LMS = exact.inverse(LMS_TO_OKLAB)


def encoded_to_oklab(encoded: np.ndarray) -> np.ndarray:
    """Convert encoded sRGB (..., 3), any finite value, to OKLab (..., 3), L of white = 1."""
    return exact.mix(exact.cbrt(exact.mix(decode_srgb(encoded), LINEAR_TO_LMS)), LMS_TO_OKLAB)


def oklab_to_encoded(oklab: np.ndarray) -> np.ndarray:
    """Undo `encoded_to_oklab`; colours outside sRGB come out below 0 or above 1."""
    root = exact.mix(oklab, OKLAB_TO_LMS)
    return encode_srgb(exact.mix(root * root * root, LMS_TO_LINEAR))
