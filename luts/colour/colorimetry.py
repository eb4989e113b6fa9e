"""From sRGB to CIE Lab, and differences between two colours.

One white for the whole project: D65 as (0.95047, 1, 1.08883), the one of scikit-image and MATLAB.
(0.3127, 0.3290) as a chromaticity gives a white 4e-4 away, and Lab values up to 1.5e-2 away.
Nothing here uses OpenCV's Lab: its float path is a table, off by up to 0.4 in Lab.

Every function keeps the dtype it was given: float32 for speed, float64 where a maximum is reported
(CIEDE2000 jumps where hues are opposite, so a single float32 pixel may be off by 0.2). In float64
the bits are the same on every machine.

References
----------
IEC 61966-2-1:1999 (sRGB primaries); ITU-R BT.709-6 (luminance); CIE 15:2018, section 8.2.1 (Lab);
Sharma, Wu and Dalal, "The CIEDE2000 color-difference formula: implementation notes, supplementary
test data, and mathematical observations", Color Research and Application 30(1), 2005.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..tool import exact
from .transfer import decode_srgb

WHITE_D65 = np.array([0.95047, 1.0, 1.08883])
REC709_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])

# IEC 61966-2-1, table 1: x, y of red, green and blue.
_PRIMARIES = np.array([[0.64, 0.33], [0.30, 0.60], [0.15, 0.06]])
_DELTA = 6 / 29  # CIE 15: below _DELTA**3 the cube root gives way to a straight line
_TILE = 8192  # pixels whose temporaries stay in a core's cache
_C7_25 = 25.0**7
_HUE_TERMS = [  # of equation 15: factors and phases in degrees, by multiple of the hue
    (factor * float(exact.cos(np.radians(phase))), factor * float(exact.sin(np.radians(phase))))
    for factor, phase in ((-0.17, 30.0), (0.24, 0.0), (0.32, -6.0), (-0.20, 63.0))
]


def _rgb_to_xyz_matrix() -> np.ndarray:
    """Scale the primaries so that RGB (1, 1, 1) is WHITE_D65 to the last bit but rounding."""
    xyz = (
        np.stack([_PRIMARIES[:, 0], _PRIMARIES[:, 1], 1 - _PRIMARIES.sum(1)], axis=0)
        / _PRIMARIES[:, 1]
    )
    return xyz * exact.mix(WHITE_D65, exact.inverse(xyz))


LINEAR_TO_XYZ = _rgb_to_xyz_matrix()


def luminance(linear: np.ndarray) -> np.ndarray:
    """Return the relative luminance (...) of scene-linear sRGB (..., 3), by BT.709's weights."""
    linear = _colours(linear)
    return exact.mix(linear, REC709_LUMINANCE[None])[..., 0]


def linear_to_lab(linear: np.ndarray) -> np.ndarray:
    """Convert scene-linear sRGB (..., 3) to CIE Lab (..., 3); same dtype.

    Values outside [0, 1] continue the formula: below zero the straight line, above one the root.

    Examples
    --------
    >>> linear_to_lab(np.array([1.0, 1.0, 1.0])).round(6).tolist()
    [100.0, 0.0, 0.0]
    """
    return _tiled(_lab_of_linear, _colours(linear))


def encoded_to_lab(encoded: np.ndarray) -> np.ndarray:
    """Convert display-encoded sRGB (..., 3) to CIE Lab (..., 3); same dtype.

    Examples
    --------
    >>> encoded_to_lab(np.array([1.0, 0.0, 0.0])).round(2).tolist()
    [53.24, 80.09, 67.2]
    """
    return _tiled(lambda tile: _lab_of_linear(decode_srgb(tile)), _colours(encoded))


def delta_e_1976(estimate_lab: np.ndarray, reference_lab: np.ndarray) -> np.ndarray:
    """Return the CIE 1976 colour difference (...) of two Lab arrays (..., 3): their distance.

    This is what the FiveK and PPR10K papers print as "dE".
    """
    estimate_lab, reference_lab = _pair(estimate_lab, reference_lab)
    step = estimate_lab - reference_lab
    return np.sqrt(np.einsum("...c,...c->...", step, step))


def delta_e_2000(estimate_lab: np.ndarray, reference_lab: np.ndarray) -> np.ndarray:
    """Return the CIEDE2000 colour difference of two Lab arrays, with kL = kC = kH = 1.

    Parameters
    ----------
    estimate_lab, reference_lab : (..., 3) float, CIE Lab of the same shape
        The difference is symmetric.

    Returns
    -------
    (...) float of the common dtype, >= 0.

    References
    ----------
    Sharma, Wu and Dalal (2005), equations 2 to 22, and table 1 for the 34 pairs it must reproduce.

    Examples
    --------
    >>> round(float(delta_e_2000(np.array([50, 2.5, 0.0]), np.array([73, 25.0, -18]))), 4)
    27.1492
    """
    estimate_lab, reference_lab = _pair(estimate_lab, reference_lab)
    return _tiled(_ciede2000, estimate_lab, reference_lab)


def _lab_of_linear(linear: np.ndarray) -> np.ndarray:
    return _lab_of_relative(exact.mix(linear, LINEAR_TO_XYZ / WHITE_D65[:, None]))


def _lab_of_relative(relative: np.ndarray) -> np.ndarray:
    """CIE 15:2018, equations 8.3 to 8.8, for XYZ (n, 3) already divided by the white's."""
    f = exact.cbrt(relative)
    dark = relative <= _DELTA**3
    if dark.any():
        f = np.where(dark, relative / (3 * _DELTA**2) + 4 / 29, f)
    lab = np.empty_like(f)
    lab[:, 0] = 116 * f[:, 1] - 16
    lab[:, 1] = 500 * (f[:, 0] - f[:, 1])
    lab[:, 2] = 200 * (f[:, 1] - f[:, 2])
    return lab


def _ciede2000(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """CIEDE2000 of (n, 3) Lab arrays without a hue angle but in the blue rotation term.

    Hues are unit vectors. The mean hue of equations 14 is the direction of their sum whichever
    way round the short arc goes, and a grey has the zero vector, so its partner's hue remains.
    """
    l1, a1, b1 = np.ascontiguousarray(one.T)
    l2, a2, b2 = np.ascontiguousarray(two.T)
    stretch = 1.5 - 0.5 * _seventh((_length(a1, b1) + _length(a2, b2)) / 2)  # 1 + G
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = _length(a1, b1), _length(a2, b2)
    mean_chroma = (c1 + c2) / 2
    hue, hue_step = _mean_hue(_unit(a1, b1, c1), _unit(a2, b2, c2))
    hue_step *= np.sqrt(c1 * c2)  # equation 11

    lightness = ((l1 + l2) / 2 - 50) ** 2
    dl = (l2 - l1) / (1 + 0.015 * lightness / np.sqrt(20 + lightness))
    dc = (c2 - c1) / (1 + 0.045 * mean_chroma)
    dh = hue_step / (1 + 0.015 * mean_chroma * _hue_weight(*hue))
    rotation = -2 * _seventh(mean_chroma) * exact.sin(_blue_angle(*hue))
    # Rounding may leave a tiny negative number where both colours are equal.
    return np.sqrt(np.maximum(dl * dl + dc * dc + dh * dh + rotation * dc * dh, 0))


def _seventh(chroma: np.ndarray) -> np.ndarray:
    """sqrt(C^7 / (C^7 + 25^7)), equations 4 and 17."""
    squared = chroma * chroma
    seventh = squared * squared * squared * chroma
    return np.sqrt(seventh / (seventh + _C7_25))


def _length(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.sqrt(x * x + y * y)  # ten times as fast as np.hypot, and no Lab value can overflow


def _unit(a: np.ndarray, b: np.ndarray, chroma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scale = 1 / np.maximum(chroma, np.finfo(chroma.dtype).tiny)
    return a * scale, b * scale


Vector = tuple[np.ndarray, np.ndarray]


def _mean_hue(one: Vector, two: Vector) -> tuple[Vector, np.ndarray]:
    """The mean hue as a unit vector, and the signed chord 2 sin((h2 - h1) / 2)."""
    (x1, y1), (x2, y2) = one, two
    chord = np.copysign(_length(x2 - x1, y2 - y1), x1 * y2 - x2 * y1)
    x, y = x1 + x2, y1 + y2
    opposite = (x * x + y * y < (4 * np.finfo(x.dtype).eps) ** 2) & (chord != 0)
    if opposite.any():  # equations 10 and 14: 180 degrees count as the way up from the smaller hue
        upper = (y1 > 0) | ((y1 == 0) & (x1 > 0))
        sign = np.where(upper, 1, -1).astype(x.dtype)
        x, y = np.where(opposite, -y1 * sign, x), np.where(opposite, x1 * sign, y)
        chord = np.where(opposite, np.abs(chord) * sign, chord)
    return _unit(x, y, _length(x, y)), chord


def _hue_weight(cos: np.ndarray, sin: np.ndarray) -> np.ndarray:
    """T of equation 15, its four cosines expanded into powers of one cosine and one sine."""
    cos2, sin2 = 2 * cos * cos - 1, 2 * cos * sin
    cos3, sin3 = cos * cos2 - sin * sin2, sin * cos2 + cos * sin2
    cos4, sin4 = 2 * cos2 * cos2 - 1, 2 * cos2 * sin2
    weight = np.ones_like(cos)
    multiples = (cos, sin), (cos2, sin2), (cos3, sin3), (cos4, sin4)
    for (of_cos, of_sin), (c, s) in zip(_HUE_TERMS, multiples, strict=True):
        weight += of_cos * c
        if of_sin:
            weight += of_sin * s
    return weight


def _blue_angle(cos: np.ndarray, sin: np.ndarray) -> np.ndarray:
    """Twice the angle of equation 16, radians: 60 degrees times a bell of 25 around hue 275."""
    degrees = np.degrees(exact.arctan2(sin, cos))
    # Hue 5 is 270 away from 275, not 90: the standard does not go round the circle here.
    degrees += np.where(degrees < 0, 360 - 275, -275).astype(cos.dtype)
    return float(np.radians(60)) * exact.exp(-((degrees / 25) ** 2))


def _tiled(function: Callable[..., np.ndarray], *arrays: np.ndarray) -> np.ndarray:
    """Apply a function of (n, 3) arrays to (..., 3) arrays, a cacheful of pixels at a time."""
    shape = arrays[0].shape
    flat = [array.reshape(-1, 3) for array in arrays]
    if len(flat[0]) <= _TILE:
        result = function(*flat)
        return result.reshape(shape[: len(shape) - 2 + result.ndim])
    first = function(*(array[:_TILE] for array in flat))
    result = np.empty((len(flat[0]), *first.shape[1:]), first.dtype)
    result[:_TILE] = first
    for start in range(_TILE, len(flat[0]), _TILE):
        result[start : start + _TILE] = function(*(a[start : start + _TILE] for a in flat))
    return result.reshape(shape[: len(shape) - 2 + result.ndim])


def _colours(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values)
    if values.dtype.kind != "f" or values.ndim < 1 or values.shape[-1] != 3:
        raise TypeError(
            f"colours are a float array (..., 3), got {values.dtype} of shape {values.shape}"
        )
    return values


def _pair(estimate_lab: np.ndarray, reference_lab: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    one, two = _colours(estimate_lab), _colours(reference_lab)
    if one.shape != two.shape:
        raise ValueError(f"two Lab arrays of one shape are needed, got {one.shape} and {two.shape}")
    dtype = np.result_type(one, two)
    return one.astype(dtype, copy=False), two.astype(dtype, copy=False)
