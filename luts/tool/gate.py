"""The gate for what strangers write: names, paths, texts and numbers, checked where they are read.

Each check takes a value and returns it, or raises ValueError with words that say what was found and
what is allowed. They fit `Annotated` in the dataclasses that `luts.tool.strict` reads.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .errors import UserError
from .words import shown

MOST_NAME = 200  # bytes of one part of a path; file systems take 255, and suffixes are added
MOST_PATH = 1000  # bytes of a whole one
MOST_TEXT = 4000  # characters of a licence, a camera's name, a reason
MOST_LINE = 1 << 20  # bytes of one line of JSON

# Control characters, marks that turn the direction of writing, line separators, half surrogates.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_PART = "[A-Za-z0-9_+-][A-Za-z0-9._+-]{0,150}"
_PLAIN_PATH = re.compile(f"{_PART}(?:/{_PART}){{0,3}}")  # what nearly all are
_SHORT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def _remembered(check: Callable[[str], str]) -> Callable[[str], str]:
    """A check that knows the last texts it passed: a row names each of its files three times."""
    return functools.wraps(check)(functools.lru_cache(maxsize=1024)(check))


@_remembered
def plain_text(text: str) -> str:
    """A free text for people, in one line: what cannot be seen becomes U+FFFD.

    Raises ValueError when it is longer than 4,000 characters.
    """
    if len(text) > MOST_TEXT:
        raise ValueError(f"must be a text of up to {MOST_TEXT} characters, got {len(text)}")
    return text if text.isprintable() else _UNSEEN.sub("\ufffd", text)


def plain_lines(text: str) -> str:
    """Text of several lines, as for a terminal: what could steer that becomes U+FFFD."""
    return _UNSEEN.sub(lambda found: found[0] if found[0] in "\n\r\t" else "\ufffd", text)


def plain_cell(text: str) -> str:
    """A text as a cell of a CSV file that no spreadsheet takes for a formula."""
    if text[:1] not in "=+-@\t\r" or not text:
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def plain_plot(text: str) -> str:
    """A text as matplotlib shows it: a dollar is a dollar and starts no formula."""
    return _UNSEEN.sub("\ufffd", text).replace("$", r"\$")


@_remembered
def plain_name(text: str) -> str:
    """One part of a path: not empty, no separator, no control character, no dot in front."""
    if "/" in text:
        raise ValueError(f"must be a name without '/', got {shown(text)}")
    return plain_path(text)


def short_name(text: str) -> str:
    """A name for a file, an archive or a table: 1 to 64 of A-Z a-z 0-9 . _ and -."""
    if not _SHORT.fullmatch(text):
        raise ValueError(f"must be up to 64 letters, digits and . _ - , got {shown(text)}")
    return text


@_remembered
def plain_path(text: str) -> str:
    """A relative path of plain names with forward slashes: it cannot lead out of its folder."""
    if _PLAIN_PATH.fullmatch(text):
        return text
    if _UNSEEN.search(text) or "\\" in text:
        raise ValueError(f"must have no control characters or backslashes, got {shown(text)}")
    if any(not part or part.startswith(".") for part in text.split("/")):
        raise ValueError(
            "must be a relative path without '..' or names that begin with a dot, "
            f"got {shown(text)}"
        )
    longest = max(len(part.encode()) for part in text.split("/"))
    if longest > MOST_NAME or len(text.encode()) > MOST_PATH:
        raise ValueError(f"must be a name of up to {MOST_NAME} bytes, got {longest}: {shown(text)}")
    return text


def below(*folders: str) -> Callable[[str], str]:
    """A check for plain paths below one of the folders."""
    heads = tuple(f"{folder}/" for folder in folders)

    @_remembered
    def check(text: str) -> str:
        if not text.startswith(heads):
            raise ValueError(f"must lie below {' or '.join(heads)}, got {shown(text)}")
        return plain_path(text)

    return check


def digest(text: str) -> str:
    """A SHA-256 as 64 hex digits."""
    if not _DIGEST.fullmatch(text):
        raise ValueError(f"must be 64 hex digits, got {shown(text)}")
    return text


def within(low: float, high: float) -> Callable[[Any], Any]:
    """A check for numbers from low to high."""

    def check(value: Any) -> Any:
        if not low <= value <= high:
            raise ValueError(f"must be {low:g} to {high:g}, got {shown(value)}")
        return value

    return check


class LinkError(UserError):
    """A path that leads out of its folder."""


def inside(folder: Path, name: str) -> Path:
    """The path of a file below a folder.

    Raises LinkError when a link on the way, or ".." in the name, leads out of the folder.
    """
    path = folder / name
    root, real = os.path.realpath(folder), os.path.realpath(path)
    if real != root and not real.startswith(root.rstrip(os.sep) + os.sep):
        raise LinkError(f"{path}: leads out of {folder} through a link; take the link away")
    return path


def relative_path(text: str) -> str:
    """A path below a folder of the user's own: not absolute, no "..", nothing unseen."""
    if not text or text.startswith("/") or ".." in text.split("/") or _UNSEEN.search(text):
        raise ValueError(f"must be a path in the folder, without '..', got {shown(text)}")
    return text
