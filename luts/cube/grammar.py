"""The grammar of `.cube` files: keywords, then rows, in both dialects at once.

One grammar reads both. What would need a guess is refused with path, line and text; what is odd
but has one meaning is read, and noted. The full list of verdicts is in docs/luts_format.md.

References
----------
Adobe, "Cube LUT Specification", version 1.0, 2013. The Resolve dialect has no published
specification; its rules are those quoted by OpenColorIO's FileFormatResolveCube.cpp.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import numpy as np

from ..lut import (
    MAX_SIZE_1D,
    MAX_SIZE_3D,
    ONES,
    ZEROS,
    Lut,
    Lut1D,
    Lut3D,
    LutFormatError,
    ShapedLut,
    from_red_fastest,
    stages,
    triple,
    with_stages,
)
from .table import KEYWORD, NOT_FINITE, NUMBER, Promise, count_rows, decode, fail, read_rows

SIZES = {"LUT_1D_SIZE": MAX_SIZE_1D, "LUT_3D_SIZE": MAX_SIZE_3D}
RANGES = {"DOMAIN_MIN": 3, "DOMAIN_MAX": 3, "LUT_1D_INPUT_RANGE": 2, "LUT_3D_INPUT_RANGE": 2}
VIDEO_RANGES = ("LUT_IN_VIDEO_RANGE", "LUT_OUT_VIDEO_RANGE")
EOF_MARKS = re.compile(rb"[\x00\x1a][\x00\x1a\s]*\Z")
UTF8_BOM = b"\xef\xbb\xbf"
UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Note:
    """Something odd in a file that was read all the same."""

    line: int
    text: str


@dataclass
class _Header:
    """Everything above the table. `given` maps a keyword to its line and its numbers."""

    given: dict[str, tuple[int, tuple]] = field(default_factory=dict)
    title: str = ""
    comments: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    video: set[str] = field(default_factory=set)

    def rows(self, keyword: str) -> int:
        """How many rows LUT_1D_SIZE or LUT_3D_SIZE promises."""
        if keyword not in self.given:
            return 0
        size = self.given[keyword][1][0]
        return size if keyword == "LUT_1D_SIZE" else size**3

    def promise(self, name: str, line: int) -> Promise:
        """What the table that starts on this line should hold."""
        rows = sum(self.rows(keyword) for keyword in SIZES)
        sizes = " and ".join(f"{k} {self.given[k][1][0]}" for k in SIZES if k in self.given)
        return Promise(name, line, rows, f"{sizes}: expected {rows} rows")


def parse_cube(data: bytes, name: str) -> tuple[Lut, list[Note]]:
    """Parse the bytes of a `.cube` file.

    Parameters
    ----------
    data : the whole file
    name : what errors call it

    Returns
    -------
    The LUT, and what was odd about the file.

    Raises
    ------
    LutFormatError : the only error this raises, whatever the bytes; time and memory follow
        the length of the file, not what it claims
    """
    if data.startswith(UTF16_BOMS):
        raise LutFormatError(f"{name}:1: UTF-16 text; save the file as ASCII or UTF-8")
    data = data.removeprefix(UTF8_BOM)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    tail = EOF_MARKS.search(data) if data[-64:].strip()[-1:] in (b"\0", b"\x1a") else None
    if tail:
        data = data[: tail.start()] + b"\n"
    header, line, start = _read_header(data, name)
    if tail:
        mark = "Ctrl-Z" if b"\x1a" in tail[0] else "zero bytes"
        header.notes.append(Note(data.count(b"\n"), f"ends with {mark}, ignored"))
    promise = header.promise(name, line)
    if not promise.rows:
        fail(name, line, _no_size(data[start:]), data[start : start + 60].split(b"\n")[0])
    lut = _build(read_rows(data[start:], promise), header, name)
    return full_range(lut, header.video), header.notes


def _no_size(table: bytes) -> str:
    """What to say of rows without a size: which one they would need."""
    rows = count_rows(table)
    edge = round(rows ** (1 / 3))
    if not rows:
        return "no LUT_1D_SIZE or LUT_3D_SIZE above"
    size = f"LUT_3D_SIZE {edge}" if edge > 1 and edge**3 == rows else f"LUT_1D_SIZE {rows}"
    return f"no LUT_1D_SIZE or LUT_3D_SIZE above {rows} rows; a line {size} is missing"


def _read_header(data: bytes, name: str) -> tuple[_Header, int, int]:
    """Read up to the first row of numbers; also give that row's line number and offset."""
    header, start, number = _Header(), 0, 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        number += 1
        line = data[start:end].strip()
        words = line.split(None, 4)
        if line.startswith(b"#"):
            header.comments.append(decode(line[1:].strip()))
        elif words and (words[0][:1] in b"+-.0123456789" or NOT_FINITE.fullmatch(words[0])):
            return header, number, start
        elif words:
            _read_keyword(line, number, header, name)
        start = end + 1
    return header, max(number, 1), len(data)


def _read_keyword(line: bytes, number: int, header: _Header, name: str) -> None:
    word = line.split(None, 1)[0]
    if not KEYWORD.fullmatch(word):
        fail(name, number, "neither a keyword nor a row of three numbers", line)
    keyword = word.decode().upper()
    if keyword in VIDEO_RANGES:
        if len(line.partition(b"#")[0].split()) > 1:
            fail(name, number, f"{keyword} takes no value", line)
        header.video.add(keyword)
        header.notes.append(Note(number, f"{keyword}: taken to full range"))
        return
    if keyword == "TITLE":
        header.title = _title(line[len(word) :].strip())
    elif keyword in SIZES or keyword in RANGES:
        if keyword in header.given:
            fail(name, number, f"{keyword} is already on line {header.given[keyword][0]}", line)
        arguments = line.partition(b"#")[0].split(None, 5)[1:]
        parse = _size if keyword in SIZES else _bounds
        header.given[keyword] = number, parse(keyword, arguments, (name, number, line))
    else:
        header.comments.append(decode(line))
        header.notes.append(Note(number, f"unknown keyword {keyword}, kept as a comment"))


def _title(text: bytes) -> str:
    """What stands between quotes, whatever follows them; without quotes, all of it."""
    quoted = re.match(rb'"([^"]*)"', text)
    return decode(quoted[1] if quoted else text.strip(b'"'))


def _size(keyword: str, arguments: list[bytes], where: tuple) -> tuple:
    largest = SIZES[keyword]
    value = arguments[0] if len(arguments) == 1 else b""
    if not value.isdigit() or len(value) > 9 or not 2 <= int(value) <= largest:
        name, number, line = where
        fail(name, number, f"{keyword} takes one whole number from 2 to {largest}", line)
    return (int(value),)


def _bounds(keyword: str, arguments: list[bytes], where: tuple) -> tuple:
    count = RANGES[keyword]
    good = len(arguments) == count and all(NUMBER.fullmatch(word) for word in arguments)
    values = tuple(map(float, arguments)) if good else ()
    if not good or not np.isfinite(values).all():
        name, number, line = where
        fail(name, number, f"{keyword} takes {count} finite numbers", line)
    return values


def _build(rows: np.ndarray, header: _Header, name: str) -> Lut:
    title, comments = header.title, tuple(header.comments)
    given = header.given
    for kind in ("1D", "3D"):
        stray = f"LUT_{kind}_INPUT_RANGE"
        if stray in given and f"LUT_{kind}_SIZE" not in given:
            header.notes.append(Note(given[stray][0], f"{stray} without such a table, ignored"))
    both = all(keyword in given for keyword in SIZES)
    if both and (line := _first_line(given, "DOMAIN_MIN", "DOMAIN_MAX")):
        fail(name, line, "DOMAIN_* in a file with two tables; use LUT_*_INPUT_RANGE", b"DOMAIN_*")
    cut = header.rows("LUT_1D_SIZE")
    if "LUT_3D_SIZE" not in given:
        return Lut1D(rows, *_domain("1D", given, name), title, comments)
    table = from_red_fastest(rows[cut:], given["LUT_3D_SIZE"][1][0])
    if not both:
        return Lut3D(table, *_domain("3D", given, name), title, comments)
    shaper = Lut1D(rows[:cut], *_domain("1D", given, name))
    return ShapedLut(shaper, Lut3D(table, *_domain("3D", given, name)), title, comments)


def full_range(lut: Lut, video: set[str]) -> Lut:
    """A LUT whose input or output is in video range (64 to 940 of 1023) as one for full range.

    LUT_IN_VIDEO_RANGE moves the domain of the first table, LUT_OUT_VIDEO_RANGE the values of the
    last; both are exact.
    """
    if not video:
        return lut
    tables = list(stages(lut))
    if VIDEO_RANGES[0] in video:
        bounds = tables[0].domain_min, tables[0].domain_max
        low, high = ((1023 * np.array(bound) - 64) / 876 for bound in bounds)
        tables[0] = replace(tables[0], domain_min=triple(low), domain_max=triple(high))
    if VIDEO_RANGES[1] in video:
        tables[-1] = replace(tables[-1], table=(1023 * tables[-1].table.astype("f8") - 64) / 876)
    return with_stages(lut, tables)


def _domain(kind: str, given: dict, name: str) -> tuple[tuple, tuple]:
    """The input range of one table, from whichever spelling the file uses."""
    keyword = f"LUT_{kind}_INPUT_RANGE"
    low = given.get("DOMAIN_MIN", (0, ZEROS))[1]
    high = given.get("DOMAIN_MAX", (0, ONES))[1]
    line = _first_line(given, "DOMAIN_MAX", "DOMAIN_MIN")
    if keyword in given:
        number, (bottom, top) = given[keyword]
        if line and (low, high) != ((bottom,) * 3, (top,) * 3):
            fail(name, number, f"disagrees with the DOMAIN of line {line}", keyword.encode())
        line, low, high = number, (bottom,) * 3, (top,) * 3
    if not all(a < b for a, b in zip(low, high, strict=True)):
        shown = f"{_plain(low)} to {_plain(high)}".encode()
        fail(name, line, "the lower end of the domain must be below the upper end", shown)
    return low, high


def _first_line(given: dict, *keywords: str) -> int:
    return next((given[keyword][0] for keyword in keywords if keyword in given), 0)


def _plain(bound: tuple) -> str:
    return " ".join(f"{value:g}" for value in bound)
