"""The sRGB transfer curve: the one bridge between `linear` and `encoded` in the whole project.

In float64 both ways have the same bits on every machine (`luts.tool.exact`); float32 is faster.

References
----------
IEC 61966-2-1:1999, section 5.2.
"""

from __future__ import annotations

import numpy as np

from ..tool import exact

KNEE_LINEAR = 0.0031308
KNEE_ENCODED = 0.04045


def encode_srgb(linear: np.ndarray) -> np.ndarray:
    """Encode scene-linear values with the exact sRGB curve.

    Parameters
    ----------
    linear : (...) float
        Negative values are mirrored (odd extension), values above 1 continue the power law.

    Returns
    -------
    (...) float of the same dtype; 0 maps to 0 and 1 to 1.

    Examples
    --------
    >>> round(float(encode_srgb(np.array(0.18))), 4)
    0.4614
    """
    linear = _as_float(linear)
    magnitude = np.abs(linear)
    power = 1.055 * exact.power(np.maximum(magnitude, KNEE_LINEAR), 5, 12) - 0.055
    return np.copysign(np.where(magnitude <= KNEE_LINEAR, magnitude * 12.92, power), linear)


def decode_srgb(encoded: np.ndarray) -> np.ndarray:
    """Undo `encode_srgb`.

    Parameters
    ----------
    encoded : (...) float
        Same extension below 0 and above 1 as `encode_srgb`.

    Returns
    -------
    (...) float of the same dtype, scene-linear.

    Examples
    --------
    >>> round(float(decode_srgb(np.array(0.5))), 4)
    0.214
    """
    encoded = _as_float(encoded)
    magnitude = np.abs(encoded)
    power = exact.power((np.maximum(magnitude, KNEE_ENCODED) + 0.055) / 1.055, 12, 5)
    return np.copysign(np.where(magnitude <= KNEE_ENCODED, magnitude / 12.92, power), encoded)


def _as_float(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values)
    if values.dtype.kind != "f":
        raise TypeError(f"the sRGB curve takes floats in [0, 1], got {values.dtype}")
    return values
