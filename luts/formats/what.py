"""What a file is that is no LUT: a line that says so, and what to do."""

from __future__ import annotations

import re
from pathlib import Path

from ..lut import LutFormatError

APPLE_DOUBLE = (b"\x00\x05\x16\x07", b"\x00\x05\x16\x00")
# What a file begins with -> what it is, and what to do.
BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"version https://git-lfs", "a Git LFS pointer, not the LUT itself; run `git lfs pull`"),
    (b"{\\rtf", "an RTF document; save it as plain text"),
    (b"PK\x03\x04", "a ZIP archive; unpack it"),
    (b"\x1f\x8b", "a gzip archive; unpack it"),
    (b"Rar!", "a RAR archive; unpack it"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it"),
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an Office document; save it as plain text"),
    (b"8BIM", "a Photoshop file; export the look as .cube"),
)


def refuse_what_is_no_lut(data: bytes, path: Path | str) -> None:
    """Raise LutFormatError for a file that is known to be something else."""
    path = Path(path)
    if path.name.startswith("._") or data.startswith(APPLE_DOUBLE):
        real = path.name.removeprefix("._")
        raise LutFormatError(f"{path}:1: a macOS side file; the LUT is {real}")
    if not data.strip(b"\0 \t\r\n"):
        raise LutFormatError(f"{path}:1: empty: no LUT_1D_SIZE or LUT_3D_SIZE, no table")
    for start, what in BEGINNINGS:
        if data.startswith(start):
            raise LutFormatError(f"{path}:1: {what}")
    if re.match(rb"\s*(<!doctype html|<html)", data[:400], re.IGNORECASE):
        raise LutFormatError(f"{path}:1: a web page, not the LUT; download the file itself")
