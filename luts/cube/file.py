"""Read and write `.cube` files, in the Adobe/Iridas and in the DaVinci Resolve dialect."""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..lut import Lut, Lut1D, Lut3D, LutFormatError, ShapedLut, red_fastest, stages
from ..tool.files import open_plain, whole_file
from . import DIALECTS
from .grammar import parse_cube

MAX_BYTES = 1 << 30  # a 256^3 file takes about half of it
MAX_LINE = 250  # Cube LUT Specification 1.0
# Six decimals of a cube are 0.03/65535 after interpolation. Curves are short, and may be log.
DECIMALS_3D, DECIMALS_1D = 6, 9
CHUNK = 1 << 14  # rows formatted at once


class LutWarning(UserWarning):
    """Something odd in a LUT file that has one meaning, and was read by it."""


def read_cube(path: Path | str) -> Lut:
    """Read a `.cube` file of either dialect; `luts.load` reads every format, and looks.

    Parameters
    ----------
    path : at most 1 GiB

    Returns
    -------
    Lut3D, Lut1D or, for a file with both tables, ShapedLut. Values outside [0, 1] are kept.
    Comments above the table are kept, those between its rows are not.

    Raises
    ------
    LutFormatError : the file cannot be read without guessing; says path:line and the text
    OSError : the file cannot be opened

    Warns
    -----
    LutWarning : something odd was read by its one meaning, such as an unknown keyword
    """
    if Path(path).suffix.lower() == ".toml":
        raise LutFormatError(f"{path}: a look, not a .cube file; luts.load reads and bakes it")
    lut, notes = parse_cube(read_bytes(path), str(path))
    for note in notes:
        warnings.warn(f"{path}:{note.line}: {note.text}", LutWarning, stacklevel=2)
    return lut


def read_bytes(path: Path | str) -> bytes:
    """The bytes of a LUT file; refuses what is far too large to be one."""
    with open_plain(path) as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise LutFormatError(f"{path}:1: not a .cube file: larger than {MAX_BYTES} bytes")
    return data


def write_cube(lut: Lut, path: Path | str, dialect: str = "iridas") -> None:
    """Write a `.cube` file that the other programs of docs/luts_format.md read alike.

    LF, comments above the keywords, domain only when it is not [0, 1]; 6 decimals for a cube and 9
    for curves. ASCII, but for the letters of a title or a comment, which are UTF-8. The file
    appears whole or not at all.

    Parameters
    ----------
    lut : Lut3D, Lut1D; ShapedLut only in the Resolve dialect
    dialect : "iridas" (DOMAIN_MIN, DOMAIN_MAX) or "resolve" (LUT_*_INPUT_RANGE)
        With a range or a shaper the Resolve dialect carries the title as a comment, because
        OpenColorIO refuses the keyword there.

    Raises
    ------
    LutFormatError : the dialect cannot hold this LUT
    """
    if dialect not in DIALECTS:
        raise ValueError(f"dialect is one of {DIALECTS}, got {dialect!r}")
    if dialect == "iridas" and isinstance(lut, ShapedLut):
        raise LutFormatError(
            f"{path}: the iridas dialect holds one table, this LUT has curves and a cube; "
            "write dialect 'resolve', or bake it into one cube"
        )
    if dialect == "resolve" or isinstance(lut, ShapedLut):
        keywords = _resolve_keywords(lut, path)
    else:
        keywords = _iridas_keywords(lut)
    title = " ".join(lut.title.replace('"', "'").split())
    comments = list(lut.comments)
    if title and dialect == "resolve" and len(keywords) > 1:
        comments.append(f"title: {title}")
    elif title:
        keywords.insert(0, f'TITLE "{_cut(title, MAX_LINE - 10)}"')
    with (
        whole_file(Path(path)) as scratch,
        scratch.open("w", encoding="utf-8", newline="\n") as out,
    ):
        out.writelines(f"# {line}\n" for text in comments for line in _comment_lines(text))
        out.writelines(f"{line}\n" for line in keywords)
        for stage in stages(lut):
            out.writelines(_rows(stage))


def _iridas_keywords(lut: Lut1D | Lut3D) -> list[str]:
    keywords = [_size_line(lut)]
    if not lut.is_unit:
        keywords.append(f"DOMAIN_MIN {_numbers(lut.domain_min)}")
        keywords.append(f"DOMAIN_MAX {_numbers(lut.domain_max)}")
    return keywords


def _resolve_keywords(lut: Lut, path: Path | str) -> list[str]:
    keywords = []
    for stage in stages(lut):
        keywords.append(_size_line(stage))
        if not stage.is_unit:
            low, high = set(stage.domain_min), set(stage.domain_max)
            if len(low) > 1 or len(high) > 1:
                raise LutFormatError(
                    f"{path}: the resolve dialect has one input range for all channels, got "
                    f"{stage.domain_min} to {stage.domain_max}; write dialect 'iridas'"
                )
            kind = keywords[-1][4:6]
            keywords.append(f"LUT_{kind}_INPUT_RANGE {_numbers((*low, *high))}")
    return keywords


def _size_line(lut: Lut1D | Lut3D) -> str:
    return f"LUT_{'1D' if isinstance(lut, Lut1D) else '3D'}_SIZE {lut.size}"


def _numbers(values: tuple) -> str:
    return " ".join(f"{value:.9g}" for value in values)


def _rows(lut: Lut1D | Lut3D) -> Iterator[str]:
    """The table as text, many rows at a time: one format call is 5x faster than one a row."""
    cube = isinstance(lut, Lut3D)
    decimals = DECIMALS_3D if cube else DECIMALS_1D
    row = " ".join([f"%.{decimals}f"] * 3) + "\n"
    table = red_fastest(lut.table) if cube else lut.table
    table = np.round(table.astype(np.float64), decimals) + 0.0  # + 0 turns -0 into 0
    for start in range(0, len(table), CHUNK):
        part = table[start : start + CHUNK]
        yield row * len(part) % tuple(part.ravel().tolist())


def _comment_lines(text: str) -> list[str]:
    """One comment as lines that fit the specification, in bytes."""
    room = MAX_LINE - 4
    lines: list[str] = []
    for line in text.splitlines():
        if len(line.encode()) > room:
            room_now = room if line.isascii() else room // 4  # UTF-8 takes up to four bytes
            lines += textwrap.wrap(line, room_now)
        else:
            lines.append(line.strip())
    return [line for line in lines if line] or [""]


def _cut(text: str, most: int) -> str:
    """A text whose UTF-8 has at most so many bytes."""
    return text.encode("utf-8", "replace")[:most].decode("utf-8", "ignore")
