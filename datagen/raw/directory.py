"""One picture of a DNG as its own directory describes it: layout, levels, crop, corrections.

A DNG holds several: previews, the mosaic, at times an enhanced picture of it. Levels belong to the
samples of their own directory and to no others.

References
----------
Adobe, Digital Negative Specification 1.7.1: tags 50706 to 52547, chapter 4 "Camera profiles", 6
"Mapping raw values to linear reference values", 7 "Opcode lists".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MOSAIC, LINEAR_RAW = 32803, 34892  # PhotometricInterpretation
LOSSY_JPEG, JPEG_XL = 34892, 52546  # Compression
FLOAT = 3  # SampleFormat
CFA_DIMENSIONS, CFA_LAYOUT = 33421, 50711
BLACK_REPEAT, BLACK_LEVEL, WHITE_LEVEL = 50713, 50714, 50717
CROP_ORIGIN, CROP_SIZE, ACTIVE_AREA = 50719, 50720, 50829
NOISE_PROFILE = 51041
OPCODE_LISTS = (51008, 51009, 51022)
MOST_OPCODES, MAP_POLYNOMIAL = 1000, 8
OPCODES = {
    1: "WarpRectilinear",
    2: "WarpFisheye",
    3: "FixVignetteRadial",
    4: "FixBadPixelsConstant",
    5: "FixBadPixelsList",
    6: "TrimBounds",
    7: "MapTable",
    8: "MapPolynomial",
    9: "GainMap",
    10: "DeltaPerRow",
    11: "DeltaPerColumn",
    12: "ScalePerRow",
    13: "ScalePerColumn",
    14: "WarpRectilinear2",
}


@dataclass(frozen=True)
class Directory:
    """What one directory says of its picture."""

    width: int
    height: int
    samples: int  # per pixel
    bits: int
    is_float: bool
    compression: int
    photometric: int
    subfile: int  # NewSubfileType: 0 the main picture, 1 a preview, 16 enhanced
    white: tuple[float, ...]  # WhiteLevel, one for all or per sample; () where it is silent
    black: np.ndarray  # (rows, columns, samples) BlackLevel over its repeating tile
    tile: tuple[int, int] | None  # rows and columns after which the colour filter repeats
    rectangular: bool  # CFALayout
    crop: tuple[float, float, float, float] | None  # DefaultCrop: left, top, w, h in raw pixels
    noise_profile: tuple[tuple[float, float], ...] | None  # (S, O), one or per colour
    opcodes: tuple[str, ...]  # corrections that nobody here applies, by name
    polynomials: tuple[tuple[int, int], ...]  # first plane and count of every MapPolynomial

    @property
    def is_raw(self) -> bool:
        """Whether it holds sensor data: a mosaic, or linear light."""
        return self.photometric in (MOSAIC, LINEAR_RAW)

    @property
    def is_lossy(self) -> bool:
        """Whether it is compressed by lossy JPEG."""
        return self.compression == LOSSY_JPEG


def read_directory(page) -> Directory:
    """Read the tags of a tifffile page."""
    tags = page.tags
    tile, opcodes = tags.valueof(CFA_DIMENSIONS), list(_opcodes(tags))
    return Directory(
        width=int(page.imagewidth),
        height=int(page.imagelength),
        samples=int(page.samplesperpixel),
        bits=int(numbers(page.bitspersample)[0]),
        is_float=int(numbers(page.sampleformat)[0]) == FLOAT,
        compression=int(page.compression),
        photometric=int(page.photometric if page.photometric is not None else -1),
        subfile=int(page.subfiletype),
        white=tuple(_values(tags, WHITE_LEVEL)),
        black=_black(tags, int(page.samplesperpixel)),
        tile=_two(numbers(tile)) if tile is not None else None,
        rectangular=tags.valueof(CFA_LAYOUT, 1) in (0, 1),
        crop=_crop(tags),
        noise_profile=noise_pairs(tags.valueof(NOISE_PROFILE)),
        opcodes=tuple(dict.fromkeys(OPCODES.get(k, f"opcode {k}") for k, _ in opcodes)),
        polynomials=tuple(
            (int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))
            for k, data in opcodes
            if k == MAP_POLYNOMIAL
        ),
    )


def decoded(
    directories: tuple[Directory, ...], *, width: int, height: int, samples: int
) -> Directory | None:
    """The directory whose samples LibRaw unpacked, by their layout; None where none fits.

    A main picture goes before an enhanced or reduced one of the same layout.
    """
    kinds = (MOSAIC, LINEAR_RAW) if samples == 1 else (LINEAR_RAW,)
    fitting = [
        each
        for each in directories
        if (each.width, each.height) == (width, height)
        and each.samples == samples
        and each.photometric in kinds
    ]
    return min(fitting, key=lambda each: each.subfile, default=None)


def noise_pairs(values) -> tuple[tuple[float, float], ...] | None:
    """NoiseProfile as (S, O) pairs; None where there is none that can be meant."""
    found = np.array(numbers(values if values is not None else ()), float)
    if found.size < 2 or found.size % 2 or not (found >= 0).all():
        return None
    return tuple((float(s), float(o)) for s, o in found.reshape(-1, 2))


def numbers(value) -> tuple:
    """The value of a tag as a tuple, one number or many."""
    if isinstance(value, bytes):
        return tuple(value)
    return tuple(value) if isinstance(value, tuple | list | np.ndarray) else (value,)


def rationals(tags, code: int, count: int) -> tuple[float, ...]:
    """Values of a tag stored as integers or as numerator, denominator pairs; () when absent."""
    if code not in tags:
        return ()
    found = numbers(tags.valueof(code))
    if len(found) == 2 * count:
        found = tuple(top / bottom for top, bottom in zip(found[::2], found[1::2], strict=True))
    return tuple(float(number) for number in found)


def _values(tags, code: int) -> list[float]:
    """As `rationals`, for a tag of any count: its type tells (5 and 10 are fractions)."""
    if code not in tags:
        return []
    found = numbers(tags.valueof(code))
    if int(tags[code].dtype) in (5, 10):
        return [top / bottom for top, bottom in zip(found[::2], found[1::2], strict=True)]
    return [float(number) for number in found]


def _black(tags, samples: int) -> np.ndarray:
    levels = np.array(_values(tags, BLACK_LEVEL) or [0.0])
    rows, columns = (int(n) for n in numbers(tags.valueof(BLACK_REPEAT, (1, 1)))[:2])
    if levels.size == rows * columns * samples:
        return levels.reshape(rows, columns, samples)
    return np.full((1, 1, samples), levels[0])


def _crop(tags) -> tuple[float, float, float, float] | None:
    origin = rationals(tags, CROP_ORIGIN, 2)
    size = rationals(tags, CROP_SIZE, 2)
    if not (origin and size):
        return None
    top, left = numbers(tags.valueof(ACTIVE_AREA, (0, 0)))[:2]  # which the origin counts from
    return (origin[0] + left, origin[1] + top, *size)


def _opcodes(tags) -> Iterator[tuple[int, bytes]]:
    """Number and data in the opcode lists: a count, then (id, version, flags, size, data) each."""
    for code in OPCODE_LISTS:
        listed = bytes(tags.valueof(code, b"") or b"")
        place = 4
        for _ in range(min(int.from_bytes(listed[:4], "big"), MOST_OPCODES)):
            if place + 16 > len(listed):
                break
            kind, _, _, size = struct.unpack_from(">4I", listed, place)
            yield kind, listed[place + 16 : place + 16 + size]
            place += 16 + size


def _two(values: Sequence[Any]) -> tuple[int, int]:
    rows, columns = (int(value) for value in values[:2])
    return rows, columns
