"""The manifest: one JSON line per sample, and the hash that names a data set's pixels.

While a build runs, lines are only appended, so a kill can tear nothing but the last line. When it
is done the file is rewritten sorted by id, whole or not at all.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from luts.tool.errors import UserError
from luts.tool.files import open_plain, whole_file
from luts.tool.gate import MOST_LINE
from luts.tool.words import FieldError

from .rows import Row, Sample, json_line, read_row, row_table

MANIFEST = "manifest.jsonl"
DATASET = "dataset.json"
CHECK = "check"  # last key of a line: CRC-32 of the line as it would be without it
ENDING = len(b', "check": "01234567"}\n')


class ManifestError(UserError):
    """A manifest or data set that cannot be read; the message gives file and line."""


def read_rows(path: Path) -> Iterator[Row]:
    """Read a manifest lazily, checking every row.

    Raises
    ------
    ManifestError
        path:line, what was wrong.
    """
    with open_manifest(path) as stream:
        for number, (_, line) in enumerate(bounded_lines(stream), start=1):
            yield parse_row(line, f"{path}:{number}")


def open_manifest(path: Path) -> BinaryIO:
    """Open a manifest to read; ManifestError when there is none."""
    try:
        return open_plain(path)
    except FileNotFoundError:
        raise ManifestError(f"{path}: no such manifest; has this data set been built?") from None
    except IsADirectoryError:
        raise ManifestError(f"{path}: is a folder; a manifest is a .jsonl file") from None


def bounded_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Offset and bytes of every line; one longer than any row comes cut, and is refused then."""
    offset = 0
    while line := stream.readline(MOST_LINE + 1):
        yield offset, line
        offset += len(line)
        while len(line) > MOST_LINE and not line.endswith(b"\n"):
            line = stream.readline(MOST_LINE + 1)  # the rest of it
            offset += len(line)


def parse_row(line: bytes, where: str) -> Row:
    """Read one line and check it: its checksum if it has one, and all that it says.

    Raises
    ------
    ManifestError
        where: field: what is allowed, what was found.
    """
    if len(line) > MOST_LINE:
        raise ManifestError(f"{where}: must be a line of up to {MOST_LINE} bytes; it is longer")
    try:
        table = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as found:
            raise ManifestError(f"{where}: not UTF-8 text (character {found.start})") from None
        raise ManifestError(f"{where}: not a JSON line: {error}") from None
    signed = isinstance(table, dict) and table.pop(CHECK, None) is not None
    try:
        row = read_row(table)
    except FieldError as error:
        raise ManifestError(f"{where}: {error}") from None
    if signed and not is_signed(line):
        raise ManifestError(f"{where}: has been changed: its checksum is wrong")
    return row


def dump_row(row: Row) -> bytes:
    """One line that ends with its own checksum, always the same bytes for the same row."""
    line = json_line(row_table(row))
    return line[:-2] + _ending(line)


def is_signed(line: bytes) -> bool:
    """Does a line end with its own checksum, and is it as it was written?"""
    ending = line[-ENDING:]
    return ending == _ending(line[:-ENDING] + b"}\n")


def checksum(data: bytes) -> str:
    """CRC-32 as 8 hex digits."""
    return f"{zlib.crc32(data):08x}"


def sort_manifest(path: Path, keep: Mapping[str, int]) -> None:
    """Rewrite a manifest with the lines at the given offsets, sorted by sample id.

    Only ids and offsets are held in memory. A manifest that is so already is left alone.
    """
    order = sorted(keep)
    with path.open("rb") as stream:
        size = sum(len(_line_at(stream, keep[name])) for name in order)
        offsets = [keep[name] for name in order]
        if offsets == sorted(offsets) and size == path.stat().st_size:
            return
        with whole_file(path) as scratch, scratch.open("wb") as target:
            target.writelines(_line_at(stream, offset) for offset in offsets)


def dataset_hash(rows: Iterable[Row]) -> str:
    """SHA-256 over the ids and output hashes of the samples that were made, sorted by id.

    Two data sets with the same hash hold the same pixels, wherever and however they were built.
    """
    digest = hashlib.sha256()
    previous = ""
    for row in rows:
        if not isinstance(row, Sample):
            continue
        if row.id <= previous:
            raise ManifestError(f"{row.id}: the manifest is not sorted by id, or lists it twice")
        previous = row.id
        digest.update(json_line({"id": row.id, "sha256": row.sha256}))
    return digest.hexdigest()


def _ending(line: bytes) -> bytes:
    return b', "%b": "%b"}\n' % (CHECK.encode(), checksum(line).encode())


def _line_at(stream: Any, offset: int) -> bytes:
    stream.seek(offset)
    return stream.readline()
