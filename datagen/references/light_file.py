"""The true light of a simulated scene in a small file: a 16-bit PNG of logarithms.

Code 0 is no light; code n is 2 ** ((n - 1) / 256 - 64): steps of 0.27 %, a seventh of an 8-bit code
once encoded, from 2**-64 to 2**191. Codes of neighbours differ little, so the PNG is small. Reading
is exact on every processor: a table of 256 roots, and powers of two.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from luts.tool.errors import UserError
from luts.tool.files import whole_file

from ..images.files import ImageError, encode, read_image
from .tables import rounded

STEPS = 256  # per stop
LEAST = -64  # log2 of code 1


class LightError(UserError):
    """A file of light that cannot be read; the message names it and the reason."""


def write_light(path: Path, linear: np.ndarray) -> None:
    """Write (H, W, 3) scene-linear light in any unit, whole or not at all; below zero is zero."""
    if not np.isfinite(linear).all():
        raise ValueError("light is finite")
    with whole_file(path) as scratch:
        scratch.write_bytes(encode(light_codes(linear), ".png"))


def light_codes(linear: np.ndarray) -> np.ndarray:
    """(H, W, 3) float to uint16 codes."""
    floor = 2.0**LEAST
    stops = np.log2(np.maximum(linear.astype(np.float64), floor))
    codes = np.clip(np.rint((stops - LEAST) * STEPS) + 1, 1, 65535)
    return np.where(linear >= floor, codes, 0).astype(np.uint16)


def read_light(path: Path) -> np.ndarray:
    """Read (H, W, 3) float32, scene-linear, >= 0.

    Raises
    ------
    LightError : missing, damaged, or no 16-bit RGB picture
    """
    try:
        codes = read_image(path)
    except ImageError as error:
        raise LightError(str(error)) from None
    if codes.dtype != np.uint16 or codes.ndim != 3:
        raise LightError(f"{path}: a file of light is a 16-bit RGB PNG; this is another picture")
    octave, step = np.divmod(codes.astype(np.int32) - 1, STEPS)
    values = np.ldexp(_roots()[step], octave + LEAST)
    return np.where(codes > 0, values, 0).astype(np.float32)


@cache
def _roots() -> np.ndarray:
    """(256,) float64: 2 ** (n / 256)."""
    return rounded(np.exp2(np.arange(STEPS) / STEPS))
