"""A few numbers by which two builds of a picture are compared without either picture.

A hash only says that a byte differs. The exact sums of a picture's codes, and the means of a coarse
grid of cells, tell a pixel that was rounded the other way from another picture.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

CELLS = 4  # along either side of the sketch
FRACTION = 256  # a cell's mean is told in 1/256 of a code
DIGITS = 6  # hexadecimal, of a cell
# Of a code, for the mean of any cell: a hundred times what one level in one pixel of a small
# picture changes, and a tenth of what another gamma, size or JPEG does.
ROUNDING = 0.05
_HEXADECIMAL = re.compile("[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class Summary:
    """What the manifest says of a picture beside its hash.

    sums : of the codes, per channel, exact
    sketch : the mean code of 4 x 4 cells, row by row and per channel, in 1/256, six hexadecimal
        digits each
    """

    sums: tuple[int, ...]
    sketch: str

    def __post_init__(self) -> None:
        if len(self.sums) not in (1, 3) or min(self.sums) < 0:
            raise ValueError("sums: one or three whole numbers, none below 0")
        length = CELLS * CELLS * len(self.sums) * DIGITS
        if len(self.sketch) != length or not _HEXADECIMAL.fullmatch(self.sketch):
            raise ValueError(f"sketch: {length} hexadecimal digits")

    def cells(self) -> np.ndarray:
        """Means of the cells, in codes: float64."""
        starts = range(0, len(self.sketch), DIGITS)
        return np.array([int(self.sketch[at : at + DIGITS], 16) for at in starts]) / FRACTION


def summarise(codes: np.ndarray) -> Summary:
    """Sum up a picture: (H, W, 3) or (H, W) uint8 or uint16."""
    height, width = codes.shape[:2]
    rows, columns = (np.arange(CELLS + 1) * side // CELLS for side in (height, width))
    kind = np.uint32 if codes.itemsize == 1 and height < 1 << 24 else np.uint64
    lines = np.zeros((CELLS, width, codes[0, 0].size), np.int64)
    cells = np.zeros((CELLS, CELLS, lines.shape[2]), np.int64)
    for row in range(CELLS):
        band = codes[rows[row] : rows[row + 1]]
        lines[row] = band.sum(axis=0, dtype=kind).reshape(width, -1)
        for column in range(CELLS):
            cells[row, column] = lines[row, columns[column] : columns[column + 1]].sum(axis=0)
    pixels = np.maximum(np.diff(rows)[:, None] * np.diff(columns), 1)[..., None]
    means = (cells * FRACTION // pixels).ravel().tolist()
    sums = tuple(cells.sum(axis=(0, 1)).tolist())
    return Summary(sums, "".join(f"{mean:0{DIGITS}x}" for mean in means))


def apart(one: Summary, two: Summary, pixels: int) -> float:
    """By how many codes two pictures of one size differ: in the mean of a cell, or of all.

    Infinity when one has colour and the other has not.
    """
    if len(one.sums) != len(two.sums):
        return float("inf")
    whole = max(abs(a - b) for a, b in zip(one.sums, two.sums, strict=True)) / pixels
    return max(whole, float(np.abs(one.cells() - two.cells()).max()))
