"""Read the .vlt files of Panasonic's cameras: .cube rows of 12-bit integers under another head."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ..cube.file import read_bytes
from ..cube.grammar import Note, parse_cube
from ..lut import Lut, Lut3D, LutFormatError

TOP = 4095


def read(path: Path) -> tuple[Lut, list[Note]]:
    """Read a camera LUT: 17 nodes of 0 to 4095, red fastest."""
    lut, notes = parse_cube(read_bytes(path), str(path))
    if not isinstance(lut, Lut3D):
        raise LutFormatError(f"{path}: a .vlt holds one cube")
    if lut.table.min() < 0 or not 1 < lut.table.max() <= TOP:
        raise LutFormatError(
            f"{path}: a .vlt holds code values of 0 to {TOP}, got {lut.table.min():g} to "
            f"{lut.table.max():g}; if it is .cube text, rename it to .cube"
        )
    return replace(lut, table=lut.table / np.float32(TOP)), notes
