"""Read an ICC profile by its content: matrix, curves, class and name.

References
----------
ICC.1:2022 (profile version 4.4), 7 "Profile requirements", 9.2.41 "profileDescriptionTag",
10.6 "curveType", 10.18 "parametricCurveType", 10.31 "XYZType"
"""

from __future__ import annotations

import functools
import struct
from typing import Any

import numpy as np

from ..colour.space import SRGB_FROM_D50, Curve, Space
from ..tool import exact

PARAMETERS = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}  # of a parametric curve, by its function type
MODELS = {b"RGB ": "RGB", b"GRAY": "grey", b"CMYK": "CMYK", b"Lab ": "Lab"}


@functools.lru_cache(maxsize=64)
def read_profile(profile: bytes) -> Space:
    """The colour space of a profile.

    A profile of RGB or grey values with a matrix and curves gives both. Any other, made of tables
    (CMYK always is), gives a Space that only a colour management module can follow.

    Raises
    ------
    ValueError : damaged, or a curve of a kind the specification does not have
    """
    name = profile_name(profile)
    try:
        model = MODELS.get(profile[16:20], profile[16:20].decode("latin-1").strip() or "?")
        tags, count = _tags(profile), int.from_bytes(profile[128:132], "big")
        if not tags or len(profile) < max(132 + 12 * count, int.from_bytes(profile[:4], "big")):
            raise ValueError("the colour profile is damaged")
        common: dict[str, Any] = {
            "name": name,
            "origin": "ICC profile",
            "model": model,
            "profile": profile,
        }
        if model == "RGB" and {b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC"} <= tags.keys():
            primaries = [
                np.array(struct.unpack_from(">3i", tags[key], 8)) / 65536
                for key in (b"rXYZ", b"gXYZ", b"bXYZ")
            ]
            curves = tuple(_curve(tags[key]) for key in (b"rTRC", b"gTRC", b"bTRC"))
            return Space(
                matrix=exact.product(SRGB_FROM_D50, np.stack(primaries, axis=1)),
                curves=curves,
                **common,
            )
        if model == "grey" and b"kTRC" in tags:
            return Space(matrix=np.eye(3), curves=(_curve(tags[b"kTRC"]),) * 3, **common)
        return Space(**common)
    except (struct.error, KeyError, IndexError) as error:
        raise ValueError("the colour profile is damaged") from error


def profile_name(profile: bytes) -> str:
    """The description inside a profile, or "unnamed"."""
    text = _tags(profile).get(b"desc", b"")[:800]
    if text[:4] == b"mluc" and len(text) >= 28:
        size, start = struct.unpack(">II", text[20:28])
        found = text[start : start + size].decode("utf-16-be", "replace")
    else:
        found = text[12:].split(b"\0", 1)[0].decode("latin-1")
    return "".join(c for c in found if c.isprintable()).strip()[:80] or "unnamed"


def _tags(profile: bytes) -> dict[bytes, bytes]:
    count = int.from_bytes(profile[128:132], "big")
    found = {}
    for place in range(132, 132 + 12 * min(count, 100), 12):
        if place + 12 > len(profile):
            break
        name, start, size = struct.unpack_from(">4sII", profile, place)
        found[name] = profile[start : start + size]
    return found


def _curve(tag: bytes) -> Curve:
    """Function from code in [0, 1] to light in [0, 1]."""
    if tag[:4] == b"curv":
        count = struct.unpack_from(">I", tag, 8)[0]
        if count > len(tag):
            raise ValueError("the colour profile is damaged")
        values = struct.unpack_from(f">{count}H", tag, 12)
        if count == 0:
            return lambda x: x
        if count == 1:
            return lambda x: exact.raised(x, values[0] / 256)
        places = np.linspace(0, 1, count)
        return lambda x: np.interp(x, places, np.array(values) / 65535)
    if tag[:4] == b"para":
        kind = struct.unpack_from(">H", tag, 8)[0]
        if kind in PARAMETERS:
            numbers = np.array(struct.unpack_from(f">{PARAMETERS[kind]}i", tag, 12)) / 65536
            if kind in (1, 2) and numbers[1] == 0:
                raise ValueError("the colour profile is damaged")
            return lambda x: _parametric(x, kind, numbers)
    raise ValueError("the colour profile has a curve of an unknown kind; convert to sRGB")


def _parametric(x: np.ndarray, kind: int, numbers: np.ndarray) -> np.ndarray:
    g, a, b, c, d, e, f = np.pad(numbers, (0, 7 - len(numbers)))
    if kind == 0:
        return exact.raised(x, g)
    if kind in (1, 2):
        return np.where(x >= -b / a, exact.raised(np.maximum(a * x + b, 0), g), 0) + (
            c if kind == 2 else 0
        )
    return np.where(x >= d, exact.raised(np.maximum(a * x + b, 0), g) + e, c * x + f)
