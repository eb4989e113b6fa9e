"""Write .3dl files, as Flame and Lustre take them: 12-bit integers, blue fastest.

References
----------
Autodesk, "Lustre Color Management User Guide" (2007), "3D LUT file"; OpenColorIO's
FileFormat3DL.cpp, which reads what is written here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..lut import Lut3D, LutFormatError
from ..tool.files import whole_file

BITS = 12
MESH = 1023  # the first line places the nodes in 10 bits


def write(lut: Lut3D, path: Path) -> None:
    """Write a cube over [0, 1]; values beyond are cut.

    Raises
    ------
    LutFormatError : three nodes, whose first line would be taken for a row
    """
    if lut.size == 3:
        raise LutFormatError(f"{path}: .3dl cannot say three nodes; resize to 17 or 33 first")
    mesh = np.rint(np.linspace(0, MESH, lut.size)).astype(int)
    top = 2**BITS - 1
    rows = np.rint(np.clip(lut.table.astype(np.float64), 0, 1) * top).astype(int).reshape(-1, 3)
    with whole_file(path) as scratch, scratch.open("w", encoding="ascii", newline="\n") as out:
        out.write(" ".join(map(str, mesh)) + "\n")
        out.writelines(f"{red} {green} {blue}\n" for red, green, blue in rows.tolist())
