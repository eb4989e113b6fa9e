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
ROW_SEPARATORS = np.frombuffer(b"  \n", np.uint8)
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
    gaps = codes <= ord(" ")
    if not codes.size or gaps[0] or (gaps[1:] & gaps[:-1]).any():
        return False
    separators = codes[gaps]
    whole = len(separators) == 3 * expected and codes[-1] == ord("\n")
    return whole and bool((separators.reshape(-1, 3) == ROW_SEPARATORS).all())


def _careful_rows(text: bytes, promise: Promise) -> np.ndarray:
    """Parse a table line by line, and name the first line that is wrong."""
    values, found, number = array("f"), 0, promise.line - 1
    start = 0
    while start < len(text):
        end = text.find(b"\n", start)
        end = len(text) if end < 0 else end
        line, start, number = text[start:end], end + 1, number + 1
        words = line.partition(b"#")[0].split(None, 3)
        if not words:
            continue
        if not _is_row(words):
            fail(promise.name, number, _what_is_wrong(words, line), line)
        found += 1
        if found > promise.rows:
            fail(promise.name, number, f"{promise.sizes}; this is one row more", line)
        values.extend(map(float, words))
        if not np.isfinite(values[-3:]).all():
            fail(promise.name, number, "a number beyond the range of float32", line)
    if found < promise.rows:
        raise LutFormatError(f"{promise.name}:{max(number, 1)}: {promise.sizes}, found {found}")
    return np.frombuffer(values, np.float32).reshape(-1, 3)


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
    shown = text.strip()[:60].decode("latin-1")
    raise LutFormatError(f"{name}:{line}: {what}: {shown!r}")
