"""The colour space that a picture file states, and the way from it to sRGB.

References
----------
Lindbloom, "RGB/XYZ matrices" and "Chromatic adaptation" (Bradford); Adobe RGB (1998) Color Image
Encoding, 2005, 4.3; SMPTE EG 432-1 (P3); ITU-R BT.709-6 and BT.2020-2; ITU-T H.273 (07/2024),
tables 2 and 3 (the numbers of a cICP chunk); CIPA DC-008 (EXIF 2.32), 4.6.5 "ColorSpace", and DCF
2.0, 3.2.2: a file in the optional colour space, which is Adobe RGB, says R03 in its
interoperability directory.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..tool import exact
from .transfer import decode_srgb, encode_srgb

Curve = Callable[[np.ndarray], np.ndarray]  # code in [0, 1] to light in [0, 1]
Chromaticities = tuple[tuple[float, float], ...]  # x, y of white, red, green, blue

# Lindbloom: XYZ under D50, the profile connection space, to linear sRGB by Bradford adaptation
SRGB_FROM_D50 = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)
D50_WHITE = np.array([0.96422, 1.0, 0.82521])
BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
NEAR = 0.004  # a space whose colours stay within this, one code of 8 bits, of sRGB's is sRGB
D65 = (0.3127, 0.3290)
SRGB_CHROMATICITIES: Chromaticities = (D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
ADOBE_RGB: Chromaticities = (D65, (0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
ADOBE_GAMMA = 563 / 256
PRIMARIES: dict[int, tuple[str, Chromaticities]] = {  # H.273, ColourPrimaries
    1: ("BT.709", SRGB_CHROMATICITIES),
    9: ("BT.2020", (D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046))),
    12: ("Display P3", (D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))),
}
TRANSFERS: dict[int, tuple[str, Curve]] = {  # H.273, TransferCharacteristics
    4: ("gamma 2.2", lambda x: exact.raised(x, 2.2)),
    5: ("gamma 2.8", lambda x: exact.raised(x, 2.8)),
    8: ("linear", lambda x: x),
    13: ("sRGB", decode_srgb),
}
BAND_ROWS = 64  # of a picture at a time
HDR = {16: "PQ", 18: "HLG"}


@dataclass(frozen=True, eq=False)
class Space:
    """A colour space with the place that states it.

    With a matrix, light is `matrix @ curves(code)` in linear sRGB. Without one, only the profile
    can tell, by its tables.
    """

    name: str
    origin: str  # where the file says so: ICC profile, EXIF, cICP, gAMA and cHRM, TIFF tags, ...
    matrix: np.ndarray | None = None  # (3, 3) to linear sRGB
    curves: tuple[Curve, ...] = ()
    model: str = "RGB"  # what the samples are
    profile: bytes = b""

    @functools.cached_property
    def is_srgb(self) -> bool:
        """By content: matrix and curves are sRGB's within one code of eight bits."""
        if self.matrix is None or not self.curves:
            return False
        ramp = np.linspace(0, 1, 256)
        grey = np.stack([curve(ramp) for curve in self.curves], axis=-1)
        plain = encode_srgb(np.clip(exact.mix(grey, self.matrix), 0, 1)) - ramp[:, None]
        near = np.abs(plain).max() < NEAR
        return bool(near and np.abs(self.matrix - np.eye(3)).max() < NEAR)


UNTAGGED = Space("sRGB", "untagged", np.eye(3), (decode_srgb,) * 3)


def srgb(origin: str) -> Space:
    """A file that says it is sRGB."""
    return Space("sRGB", origin, np.eye(3), (decode_srgb,) * 3)


def from_chromaticities(name: str, origin: str, points: Chromaticities, curve: Curve) -> Space:
    """A space by the chromaticities of its white and primaries and one curve for all three.

    Raises ValueError when they span nothing.
    """
    white, *primaries = (_xyz(point) for point in points)
    columns = np.stack(primaries, axis=1)
    if abs(np.linalg.det(columns)) < 1e-6:
        raise ValueError(f"the chromaticities in {origin} are no primaries; convert to sRGB")
    to_xyz = columns * exact.mix(white, exact.inverse(columns))
    cone = exact.mix(D50_WHITE, BRADFORD) / exact.mix(white, BRADFORD)
    to_d50 = exact.product(exact.inverse(BRADFORD), cone[:, None] * BRADFORD)
    matrix = exact.product(exact.product(SRGB_FROM_D50, to_d50), to_xyz)
    return Space(name, origin, matrix, (curve,) * 3)


def adobe_rgb(origin: str) -> Space:
    """Adobe RGB (1998)."""
    return from_chromaticities(
        "Adobe RGB", origin, ADOBE_RGB, lambda x: exact.raised(x, ADOBE_GAMMA)
    )


def from_cicp(primaries: int, transfer: int, matrix: int, full_range: int) -> Space:
    """The space of four code points of H.273, as PNG has them.

    Raises ValueError for what cannot be taken to sRGB: PQ and HLG, YCbCr, video range.
    """
    if transfer in HDR:
        raise ValueError(
            f"an HDR picture ({HDR[transfer]}, by its cICP chunk); tone-map it to sRGB first"
        )
    codes = f"cICP {primaries}/{transfer}/{matrix}/{full_range}"
    if matrix or not full_range or primaries not in PRIMARIES or transfer not in TRANSFERS:
        raise ValueError(f"{codes} is a colour space that is not known; convert to sRGB")
    name, points = PRIMARIES[primaries]
    curve_name, curve = TRANSFERS[transfer]
    if (primaries, transfer) == (1, 13):
        return srgb("cICP")
    label = name if transfer == 13 else f"{name}, {curve_name}"
    return from_chromaticities(label, "cICP", points, curve)


def to_srgb(codes: np.ndarray, space: Space) -> np.ndarray:
    """Convert codes from a space to sRGB, in floating point.

    Parameters
    ----------
    codes : (H, W, 3) or grey (H, W), uint8 or uint16
    space : of RGB or grey values

    Returns
    -------
    The same shape and type; colours outside sRGB are cut. Unchanged when the space is sRGB.

    Raises
    ------
    ValueError : a space without a matrix, for 16 bits; or of another colour model
    """
    if space.is_srgb:
        return codes
    top = np.iinfo(codes.dtype).max
    ramp = np.linspace(0, 1, top + 1)
    if space.matrix is None:
        return _by_tables(codes, space)
    if codes.ndim == 2:  # equal parts of all primaries are grey, whatever the primaries
        return _rounded(encode_srgb(np.clip(space.curves[1](ramp), 0, 1)), codes.dtype)[codes]
    if space.model == "grey":
        raise ValueError(f"RGB samples with a profile for grey ({space.name}); convert to sRGB")
    curves = [curve(ramp) for curve in space.curves]
    result = np.empty_like(codes)
    for first in range(0, len(codes), BAND_ROWS):
        band = codes[first : first + BAND_ROWS]
        linear = np.stack([curve[band[..., k]] for k, curve in enumerate(curves)], axis=-1)
        light = np.clip(exact.mix(linear, space.matrix), 0, 1)
        result[first : first + BAND_ROWS] = _rounded(encode_srgb(light), codes.dtype)
    return result


def _by_tables(codes: np.ndarray, space: Space) -> np.ndarray:
    """Through a profile made of tables, by LittleCMS; Pillow has it for 8 bits only."""
    remedy = f"the colour profile {space.name!r} is not a matrix with curves; convert to sRGB"
    if space.model != "RGB" or codes.ndim != 3 or codes.dtype != np.uint8:
        raise ValueError(remedy)
    from PIL import Image

    return through_profile(Image.fromarray(codes), space)


def through_profile(image, space: Space) -> np.ndarray:
    """Convert a Pillow image by its profile's tables: (H, W, 3) uint8 sRGB.

    Raises ValueError when LittleCMS refuses the profile or it is of another colour model.
    """
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(space.profile))
        target = ImageCms.createProfile("sRGB")
        turned = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        raise ValueError(
            f"the colour profile {space.name!r} cannot be followed ({error}); convert to sRGB"
        ) from None
    return np.asarray(turned)


def _rounded(encoded: np.ndarray, dtype: np.dtype) -> np.ndarray:
    return np.rint(np.clip(encoded, 0, 1) * np.iinfo(dtype).max).astype(dtype)


def _xyz(point: tuple[float, float]) -> np.ndarray:
    x, y = point
    if not 0 < y <= 1 or not 0 <= x <= 1:
        raise ValueError(f"chromaticity {x:g}, {y:g} is none; convert to sRGB")
    return np.array([x / y, 1.0, (1 - x - y) / y])
