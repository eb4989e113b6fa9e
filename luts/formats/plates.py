"""LUTs that are pictures: Hald CLUTs, tiles and strips, read and written without an editor."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from ..cube.grammar import Note
from ..lut import Lut, Lut3D
from ..pictures import write_picture
from ..plate.plate import lay_out
from ..plate.read import read_plate

SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".webp", ".bmp")


def read(path: Path) -> tuple[Lut, list[Note]]:
    """Read a plate; what an editor may have done to it is noted."""
    reading = read_plate(path)
    return reading.lut, [Note(0, text) for text in reading.notes]


def write(lut: Lut3D, path: Path) -> None:
    """Write a cube over [0, 1] at 16 bits: a Hald CLUT, or a strip where the size is no square."""
    codes = np.rint(np.clip(lut.table, 0, 1).astype(np.float64) * 65535).astype(np.uint16)
    square = math.isqrt(lut.size) ** 2 == lut.size
    write_picture(path, np.ascontiguousarray(lay_out(codes, "hald" if square else "strip")))
