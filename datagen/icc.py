"""Colours of a picture with an ICC matrix profile to linear sRGB, in float.

Retouches are delivered in ProPhoto RGB; reading them as sRGB shows dull colours. The usual colour
engines convert 16-bit RGB through 8 bits, hence these few lines.

References
----------
ICC.1:2022 (profile version 4.4), sections 9.2 (tags), 10.6 (curveType), 10.18
(parametricCurveType); IEC 61966-2-1 for sRGB; the Bradford matrix from the same, D50 to D65.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np

ICC_TAG = 34675  # of TIFF
Curve = Callable[[np.ndarray], np.ndarray]

# XYZ relative to D50 (the profile connection space) to linear sRGB (D65), Bradford-adapted:
# the inverse of the sRGB profile's own colorant matrix.
XYZ_D50_TO_SRGB = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)


def to_linear_srgb(encoded: np.ndarray, profile: bytes) -> np.ndarray:
    """Convert a picture to linear sRGB.

    Parameters
    ----------
    encoded : (H, W, 3) float in [0, 1], in the profile's own RGB
    profile : the ICC profile, with three curves and three colorants

    Returns
    -------
    (H, W, 3) float32, not clipped: colours outside sRGB are negative or above 1.

    Raises
    ------
    ValueError
        Not an RGB matrix profile.
    """
    tags = _tags(profile)
    try:
        curves = [_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC")]
        colorants = np.stack([_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")], axis=1)
    except (KeyError, struct.error):
        raise ValueError("its ICC profile is not an RGB matrix profile") from None
    light = np.stack([curve(encoded[..., i]) for i, curve in enumerate(curves)], axis=-1)
    return (light @ (XYZ_D50_TO_SRGB @ colorants).T).astype(np.float32)


def tiff_profile(path: Path) -> bytes:
    """The ICC profile inside a TIFF; empty for other files and for a TIFF without one."""
    if path.suffix.lower() not in (".tif", ".tiff"):
        return b""
    import tifffile

    with tifffile.TiffFile(path) as file:
        return bytes(file.pages.first.tags.valueof(ICC_TAG, b""))


def _tags(profile: bytes) -> dict[bytes, bytes]:
    if len(profile) < 132 or profile[36:40] != b"acsp":
        raise ValueError("its ICC profile is damaged")
    (count,) = struct.unpack_from(">I", profile, 128)
    tags = {}
    for index in range(min(count, 200)):
        entry = profile[132 + 12 * index : 144 + 12 * index]
        if len(entry) < 12:
            raise ValueError("its ICC profile is damaged")
        name, offset, size = struct.unpack(">4sII", entry)
        tags[name] = profile[offset : offset + size]
    return tags


def _xyz(tag: bytes) -> np.ndarray:
    return np.array(struct.unpack_from(">3i", tag, 8)) / 65536


def _curve(tag: bytes) -> Curve:
    """The tone curve of a 'curv' or 'para' tag, as a function from encoded to light."""
    kind = tag[:4]
    if kind == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return lambda values: values
        entries = np.array(struct.unpack_from(f">{count}H", tag, 12), np.float64)
        if count == 1:
            return lambda values: np.maximum(values, 0) ** (entries[0] / 256)
        nodes = np.linspace(0, 1, count)
        return lambda values: np.interp(values, nodes, entries / 65535)
    if kind == b"para":
        return _parametric(tag)
    raise ValueError(f"its ICC profile has a curve of type {kind!r}")


def _parametric(tag: bytes) -> Curve:
    """Types 0 to 4 of ICC.1:2022, table 68: (a x + b)^g + e above d, c x + f below."""
    (kind,) = struct.unpack_from(">H", tag, 8)
    sizes = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}
    if kind not in sizes:
        raise ValueError(f"its ICC profile has a parametric curve of unknown type {kind}")
    numbers = [value / 65536 for value in struct.unpack_from(f">{sizes[kind]}i", tag, 12)]
    g, a, b, c, d, e, f = (*numbers, *[0.0] * (7 - len(numbers)))
    if kind == 0:
        a, b, d = 1.0, 0.0, 0.0
    elif kind in (1, 2):
        d, e, f = -b / a, c if kind == 2 else 0.0, c if kind == 2 else 0.0
        c = 0.0
    return lambda x: np.where(x >= d, np.maximum(a * x + b, 0) ** g + e, c * x + f)
