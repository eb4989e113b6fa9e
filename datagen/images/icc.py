"""Turn pictures with a matrix ICC profile (ProPhoto, Adobe RGB, Display P3, ...) into sRGB.

References
----------
ICC.1:2022 (profile version 4.4), 7 "Profile requirements", 10.6 "curveType",
10.18 "parametricCurveType", 10.31 "XYZType"
"""

from __future__ import annotations

import struct

import numpy as np

from luts.colour.transfer import encode_srgb

from .codes import quantise

# Lindbloom: XYZ under D50, the profile connection space, to linear sRGB by Bradford adaptation
SRGB_FROM_D50 = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)
NEAR = 0.002  # a profile whose colours stay within this of sRGB's is sRGB, written by somebody else
PARAMETERS = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}  # of a parametric curve, by its function type


def to_srgb(image: np.ndarray, profile: bytes) -> np.ndarray:
    """Convert RGB codes from a profile's colour space to sRGB, in floating point.

    Parameters
    ----------
    image : (H, W, 3) uint8 or uint16
    profile : an ICC profile made of a matrix and curves

    Returns
    -------
    The same shape and type; colours outside sRGB are cut. Unchanged when the profile is sRGB.

    Raises
    ------
    ValueError : a profile of another kind, or damaged
    """
    matrix, curves = _read(profile)
    ramp = np.linspace(0, 1, 256)
    grey = np.stack([curve(ramp) for curve in curves], axis=-1)
    plain = encode_srgb(np.clip(grey @ matrix.T, 0, 1)) - ramp[:, None]
    if np.abs(plain).max() < NEAR and np.abs(matrix - np.eye(3)).max() < NEAR:
        return image
    codes = np.linspace(0, 1, np.iinfo(image.dtype).max + 1)
    linear = np.stack(
        [np.float32(curve(codes))[image[..., k]] for k, curve in enumerate(curves)], axis=-1
    )
    light = np.clip(linear @ np.float32(matrix).T, 0, 1)
    return quantise(encode_srgb(light), 8 * image.dtype.itemsize)


def _read(profile: bytes) -> tuple[np.ndarray, list]:
    """Matrix to linear sRGB, and the three curves to linear light."""
    try:
        count = struct.unpack_from(">I", profile, 128)[0]
        entries = (
            struct.unpack_from(">4sII", profile, 132 + 12 * k) for k in range(min(count, 100))
        )
        tags = {name: profile[start : start + size] for name, start, size in entries}
        if profile[16:20] != b"RGB " or not {b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC"} <= tags.keys():
            raise ValueError("the colour profile is not a matrix with curves; convert to sRGB")
        primaries = [
            np.array(struct.unpack_from(">3i", tags[k], 8)) / 65536
            for k in (b"rXYZ", b"gXYZ", b"bXYZ")
        ]
        curves = [_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC")]
    except (struct.error, KeyError) as error:
        raise ValueError("the colour profile is damaged") from error
    return SRGB_FROM_D50 @ np.stack(primaries, axis=1), curves


def _curve(tag: bytes):
    """Function from code in [0, 1] to light in [0, 1]."""
    if tag[:4] == b"curv":
        count = struct.unpack_from(">I", tag, 8)[0]
        values = struct.unpack_from(f">{count}H", tag, 12)
        if count == 0:
            return lambda x: x
        if count == 1:
            return lambda x: x ** (values[0] / 256)
        places = np.linspace(0, 1, count)
        return lambda x: np.interp(x, places, np.array(values) / 65535)
    if tag[:4] == b"para":
        kind = struct.unpack_from(">H", tag, 8)[0]
        if kind in PARAMETERS:
            numbers = np.array(struct.unpack_from(f">{PARAMETERS[kind]}i", tag, 12)) / 65536
            return lambda x: _parametric(x, kind, numbers)
    raise ValueError("the colour profile has a curve of an unknown kind; convert to sRGB")


def _parametric(x: np.ndarray, kind: int, numbers: np.ndarray) -> np.ndarray:
    g, a, b, c, d, e, f = (*numbers, *[0.0] * (7 - len(numbers)))
    if kind == 0:
        return x**g
    if kind in (1, 2):
        return np.where(x >= -b / a, np.maximum(a * x + b, 0) ** g, 0) + (c if kind == 2 else 0)
    return np.where(x >= d, np.maximum(a * x + b, 0) ** g + e, c * x + f)
