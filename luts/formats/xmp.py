"""Read the RGB table of a Lightroom or Camera Raw profile (.xmp).

The profile holds the table as text: base 85 with the lowest digit first, of a length and a zlib
stream, of a header, of 16-bit differences from the identity with blue fastest, and of the primaries
and the encoding it works in. Only the table is read: sliders of the profile are not.

References
----------
Adobe, DNG SDK 1.7.1, dng_big_table.cpp and dng_camera_profile.h, for the layout alone.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable
from html import unescape
from pathlib import Path

import numpy as np

from ..colour.space import ADOBE_RGB, PRIMARIES, from_chromaticities
from ..cube.file import read_bytes
from ..cube.grammar import Note
from ..fidelity import fidelity
from ..lookup import apply
from ..lut import Lut, Lut3D, LutFormatError, nodes
from ..spaces import convert

DIGITS = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?`'|()[]{}@%$#"
MOST_BYTES = 1 << 24
LARGEST = 32  # nodes per axis that Camera Raw takes
PROPHOTO = ((0.3457, 0.3585), (0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))  # D50
COLOURS = (PRIMARIES[1][1], ADOBE_RGB, PROPHOTO, PRIMARIES[12][1], PRIMARIES[9][1])
GAMMAS: tuple[float | None, ...] = (1.0, None, 1.8, 2.2, 2.4)  # None: sRGB's curve
SIZE = 33  # of a table that is brought to sRGB


def read(path: Path) -> tuple[Lut, list[Note]]:
    """Read the table of a profile, for sRGB pictures.

    Raises
    ------
    LutFormatError : a profile of sliders alone, or a table that cannot be decoded
    """
    text = read_bytes(path).decode("utf-8", "replace")
    named = re.search(r'crs:RGBTable\s*=\s*"([0-9A-Fa-f]{32})"', text)
    table = named and re.search(rf'crs:Table_{named[1]}\s*=\s*"([^"]*)"', text)
    if not table:
        raise LutFormatError(
            f"{path}: a profile without an RGB table: its sliders cannot be read; edit a plate "
            "with it instead (luts hald plate.png)"
        )
    try:
        lut, primaries, gamma = _parse(_inflate(_undigit(unescape(table[1]))))
    except (struct.error, zlib.error, ValueError, IndexError) as error:
        raise LutFormatError(f"{path}: its RGB table is damaged: {error}") from None
    notes = [Note(0, "the profile's RGB table; its sliders are not read")]
    if (primaries, gamma) == (0, 1):
        return lut, notes
    exact = _in_space(lut, primaries, gamma)
    baked = Lut3D(exact(nodes(SIZE)))
    notes.append(Note(0, f"brought to sRGB in {SIZE} nodes: {fidelity(exact, baked)}"))
    return baked, notes


def _undigit(text: str) -> bytes:
    """Five digits, lowest first, are four bytes, lowest first; n digits at the end n - 1 bytes."""
    values = np.full(256, 255, np.int64)
    values[np.frombuffer(DIGITS, np.uint8)] = np.arange(85)
    codes = values[np.frombuffer(text.encode("latin-1", "replace"), np.uint8)]
    codes = codes[codes < 85]
    spare = -len(codes) % 5
    groups = np.pad(codes, (0, spare)).reshape(-1, 5)
    numbers = groups @ 85 ** np.arange(5)
    if numbers.max(initial=0) >= 1 << 32:
        raise ValueError("a group of digits beyond 32 bits")
    data = numbers.astype("<u4").tobytes()
    return data[: len(data) - spare] if spare else data


def _inflate(data: bytes) -> bytes:
    (length,) = struct.unpack_from("<I", data)
    if not 0 < length <= MOST_BYTES:
        raise ValueError(f"{length} bytes")
    found = zlib.decompressobj().decompress(data[4:], length + 1)
    if len(found) != length:
        raise ValueError(f"{len(found)} bytes, not {length}")
    return found


def _parse(block: bytes) -> tuple[Lut3D, int, int]:
    kind, version, dimensions, size = struct.unpack_from("<4I", block)
    if kind != 1 or version != 1 or dimensions != 3 or not 2 <= size <= LARGEST:
        raise ValueError(f"kind {kind}, version {version}, {dimensions} dimensions of {size}")
    count = size**3 * 3
    stored = np.frombuffer(block, "<u2", count, 16).reshape(size, size, size, 3)
    primaries, gamma = struct.unpack_from("<2I", block, 16 + 2 * count)
    if primaries >= len(COLOURS) or gamma >= len(GAMMAS):
        raise ValueError(f"primaries {primaries}, encoding {gamma}")
    step = (np.arange(size) * 65535 + (size - 1) // 2) // (size - 1)
    still = np.stack(np.meshgrid(step, step, step, indexing="ij"), axis=-1)
    codes = (stored.astype(np.int64) + still) & 0xFFFF
    return Lut3D(codes / 65535), primaries, gamma


def _in_space(lut: Lut3D, primaries: int, gamma: int) -> Callable[[np.ndarray], np.ndarray]:
    """A table of other primaries and encoding as a function of encoded sRGB."""
    matrix = from_chromaticities("", "", COLOURS[primaries], lambda x: x).matrix
    assert matrix is not None
    power = GAMMAS[gamma]

    def colour_map(encoded: np.ndarray) -> np.ndarray:
        light = convert(encoded, "srgb", "linear") @ np.linalg.inv(matrix).T
        light = np.clip(light, 0, 1)
        codes = convert(light, "linear", "srgb") if power is None else light ** (1 / power)
        codes = np.clip(apply(lut, codes.astype(np.float32)), 0, 1)
        light = convert(codes, "srgb", "linear") if power is None else codes**power
        return np.clip(convert(light @ matrix.T, "linear", "srgb"), 0, 1)

    return colour_map
