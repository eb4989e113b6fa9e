"""The rows of a `.cube` file: parsed at numpy's speed, and told line by line when wrong."""

from __future__ import annotations

import re
import warnings
from array import array
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from ..lut import LutFormatError

NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
NOT_FINITE = re.compile(rb"[+-]?(nan|inf|infinity)(\(.*\))?", re.IGNORECASE)
MSVC_NAN = re.compile(rb"[+-]?1\.#(QNAN|SNAN|IND|INF)", re.IGNORECASE)  # as Microsoft's C writes
ROW_START = re.compile(rb"^[ \t]*[+-]?\.?\d", re.MULTILINE)
# Characters that look like a space or a minus sign and are neither.
LOOKALIKES = {
    "\u00a0": "a no-break space",
    "\u202f": "a narrow no-break space",
    "\u2009": "a thin space",
    "\u3000": "a full-width space",
    "\u2212": "a typographic minus sign",
    "\u2013": "a dash",
    "\uff0d": "a full-width minus sign",
    "\uff0e": "a full-width point",
    "\u200b": "a zero-width space",
    "\ufeff": "a byte order mark",
}
CHUNK = 1 << 17  # bytes
SEPARATORS = np.frombuffer(b"  \n" * (CHUNK // 3 + 2), np.uint8)
KEYWORD = re.compile(rb"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True)
class Promise:
    """What a file's header says about its table."""

    name: str  # what errors call the file
    line: int  # the line on which the table starts
    rows: int
    sizes: str  # the sizes as the header gives them, for errors


def read_rows(text: bytes, promise: Promise) -> np.ndarray:
    """Parse the table part of a file.

    Parameters
    ----------
    text : from the first row to the end of the file, with LF line ends
    promise : how many rows there should be

    Returns
    -------
    (rows, 3) float32. Memory follows the text, never the promise.

    Raises
    ------
    LutFormatError : names the first line that is wrong
    """
    rows = _fast_rows(text, promise.rows)
    return _careful_rows(text, promise) if rows is None else rows


def _fast_rows(body: bytes, expected: int) -> np.ndarray | None:
    """Parse a table of exactly three plain numbers a line; None when anything is different.

    numpy's text parser does not see lines, and reads "1-2" as two numbers. In a tidy body that has
    as many numbers as words, neither can go wrong.
    """
    if not is_tidy(body, expected):
        lines = (line.partition(b"#")[0].split(None, 3) for line in body.split(b"\n"))
        body = b"".join(b" ".join(words) + b"\n" for words in lines if words)
        if not is_tidy(body, expected):
            return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # numpy only warns about a word it cannot read
            values = np.fromstring(body, np.float32, sep=" ")
    except (DeprecationWarning, RuntimeWarning, ValueError):
        return None
    if values.size != 3 * expected or not np.isfinite(values).all():
        return None
    return values.reshape(-1, 3)


def is_tidy(body: bytes, expected: int) -> bool:
    """Whether every line is word, space, word, space, word, in the letters of plain numbers."""
    if body.translate(None, b"0123456789+-.eE \n"):
        return False
    codes = np.frombuffer(body, np.uint8)
    if not codes.size or codes[0] <= ord(" ") or codes[-1] != ord("\n"):
        return False
    seen = 0
    for start in range(0, len(codes), CHUNK):  # a core's cache at a time: twice as fast as whole
        part = codes[start : start + CHUNK + 1]
        gaps = part <= ord(" ")
        if (gaps[1:] & gaps[:-1]).any():
            return False
        separators = part[:CHUNK][gaps[:CHUNK]]
        phase = seen % 3
        if not np.array_equal(separators, SEPARATORS[phase : phase + len(separators)]):
            return False
        seen += len(separators)
    return seen == 3 * expected


def _careful_rows(text: bytes, promise: Promise) -> np.ndarray:
    """Parse a table line by line, and name the first line that is wrong."""
    values, found, number = array("f"), 0, promise.line - 1
    start = 0
    while start < len(text):
        end = text.find(b"\n", start)
        end = len(text) if end < 0 else end
        line, start, number = text[start:end], end + 1, number + 1
        words = line.partition(b"#")[0].split(None, 3)
        if MSVC_NAN.search(line):
            fail(promise.name, number, "NaN and infinity are not colours", line)
        if not words:
            continue
        if not _is_row(words):
            fail(promise.name, number, _what_is_wrong(words, line), line)
        found += 1
        if found > promise.rows:
            told = f"{promise.sizes}; this is one row more{_other_size(text, promise)}"
            fail(promise.name, number, told, line)
        values.extend(map(float, words))
        if not np.isfinite(values[-3:]).all():
            fail(promise.name, number, "a number beyond the range of float32", line)
    if found < promise.rows:
        raise LutFormatError(f"{promise.name}:{max(number, 1)}: {promise.sizes}, found {found}")
    return np.frombuffer(values, np.float32).reshape(-1, 3)


def _other_size(text: bytes, promise: Promise) -> str:
    """The end of the message when curves have as many rows as a cube of that size."""
    cube = "LUT_3D_SIZE" not in promise.sizes and count_rows(text) == promise.rows**3
    return f": did you mean LUT_3D_SIZE {promise.rows}?" if cube else ""


def count_rows(text: bytes) -> int:
    """How many lines begin with a number."""
    return len(ROW_START.findall(text))


def _is_row(words: list[bytes]) -> bool:
    return len(words) == 3 and all(NUMBER.fullmatch(word) for word in words)


def _what_is_wrong(words: list[bytes], line: bytes) -> str:
    if any(NOT_FINITE.fullmatch(word) for word in words):
        return "NaN and infinity are not colours"
    if b"," in line:
        return "commas: write decimals with a point and put spaces between numbers"
    if KEYWORD.fullmatch(words[0]) and not NUMBER.fullmatch(words[0]):
        return "a keyword below the first row of the table; keywords come before it"
    if all(NUMBER.fullmatch(word) for word in words[:3]):
        return "a row has three numbers"
    return "not a row of three numbers"


def fail(name: str, line: int, what: str, text: bytes) -> NoReturn:
    """Refuse a file, showing where, what, and the text that is to blame."""
    line_text = decode(text[:400].strip())
    for character, called in LOOKALIKES.items():
        if character in line_text:
            what += f" ({called}, U+{ord(character):04X}: plain spaces and signs are read)"
    shown = line_text[:60]
    raise LutFormatError(f"{name}:{line}: {what}: {shown!r}")


def decode(text: bytes) -> str:
    """Titles, comments and what is shown of a line.

    UTF-8; or once GBK, by its pairs of high bytes; or Latin-1.
    """
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if all(len(run) % 2 == 0 for run in re.findall(rb"[\x81-\xfe]+", text)):
        try:
            return text.decode("gb18030")
        except UnicodeDecodeError:
            pass
    return text.decode("latin-1")
