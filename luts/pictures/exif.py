"""The EXIF block of a picture, as far as it decides pixels: orientation and colour space.

References
----------
CIPA DC-008 (EXIF 2.32), 4.6.4 "Orientation", 4.6.5 "ColorSpace" and "Gamma"; DCF 2.0, 3.2.2.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from ..colour.space import Space, adobe_rgb, from_chromaticities, srgb

ORIENTATION, WHITE_POINT, CHROMATICITIES, EXIF_IFD = 274, 318, 319, 34665
COLOUR_SPACE, INTEROPERABILITY, GAMMA, INDEX = 0xA001, 0xA005, 0xA500, 1
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8}
FORMATS = {1: "B", 3: "H", 4: "I", 9: "i"}
MOST_ENTRIES = 1000


@dataclass(frozen=True)
class Exif:
    """What was found; a damaged block gives what could be read of it."""

    orientation: int = 1
    space: Space | None = None
    notes: tuple[str, ...] = ()


def read_exif(block: bytes) -> Exif:
    """Read an EXIF block that begins with its TIFF header (after "Exif" in a JPEG)."""
    block = block.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None:
        return Exif()
    try:
        first = _directory(block, order, struct.unpack_from(order + "I", block, 4)[0])
        shot = _directory(block, order, _one(first, EXIF_IFD))
        index = _directory(block, order, _one(shot, INTEROPERABILITY)).get(INDEX, b"")
    except struct.error:
        return Exif(notes=("its EXIF block is damaged",))
    orientation, notes = checked_orientation(_one(first, ORIENTATION, 1))
    return Exif(orientation, exif_space(first, shot, index), notes)


def checked_orientation(value: object) -> tuple[int, tuple[str, ...]]:
    """An orientation that the standard knows, and a note about any other, which is upright."""
    if isinstance(value, int | np.integer) and 1 <= value <= 8:
        return int(value), ()
    return 1, (f"orientation {value} is none of 1 to 8; taken as upright",)


def exif_space(first: dict, shot: dict, index: object) -> Space | None:
    """The colour space by the tags of the first and the EXIF directory; None when none is stated.

    ColorSpace 1 is sRGB, 2 (by habit) Adobe RGB, 65535 "uncalibrated": Adobe RGB with index R03,
    or whatever WhitePoint, PrimaryChromaticities and Gamma say.
    """
    stated = _one(shot, COLOUR_SPACE, 0)
    text = bytes(index) if isinstance(index, bytes | tuple | list) else str(index).encode("latin-1")
    if stated == 1:
        return srgb("EXIF")
    if stated == 2 or (stated == 65535 and text[:3] == b"R03"):
        return adobe_rgb("EXIF")
    white, points = _rationals(first.get(WHITE_POINT)), _rationals(first.get(CHROMATICITIES))
    gamma = _rationals(shot.get(GAMMA))
    if stated == 65535 and len(white) == 2 and len(points) == 6 and len(gamma) == 1 and gamma[0]:
        pairs = tuple(zip([white[0], *points[::2]], [white[1], *points[1::2]], strict=True))
        curve = gamma[0] if gamma[0] >= 1 else 1 / gamma[0]
        return from_chromaticities("own primaries", "EXIF", pairs, lambda x: x**curve)
    return None


def _directory(block: bytes, order: str, start: int) -> dict[int, object]:
    """Tags of one directory: integers as tuples, texts and rationals as numbers or bytes."""
    if not start:
        return {}
    found: dict[int, object] = {}
    (count,) = struct.unpack_from(order + "H", block, start)
    for place in range(start + 2, start + 2 + 12 * min(count, MOST_ENTRIES), 12):
        tag, kind, number = struct.unpack_from(order + "HHI", block, place)
        size = SIZES.get(kind, 0) * number
        if not 0 < size <= len(block):
            continue
        at = place + 8 if size <= 4 else struct.unpack_from(order + "I", block, place + 8)[0]
        if kind in FORMATS:
            found[tag] = struct.unpack_from(f"{order}{number}{FORMATS[kind]}", block, at)
        elif kind in (5, 10):
            parts = struct.unpack_from(f"{order}{2 * number}{'I' if kind == 5 else 'i'}", block, at)
            found[tag] = parts
        else:
            found[tag] = block[at : at + size]
    return found


def _one(tags: dict, code: int, default: int = 0) -> int:
    value = tags.get(code, default)
    if isinstance(value, tuple | list | np.ndarray):
        value = value[0] if len(value) else default
    return int(value) if isinstance(value, int | np.integer) else default


def _rationals(parts: object) -> list[float]:
    if not isinstance(parts, tuple | list) or len(parts) % 2:
        return []
    if not all(isinstance(part, int | np.integer) for part in parts) or not all(parts[1::2]):
        return []
    return [top / bottom for top, bottom in zip(parts[::2], parts[1::2], strict=True)]
