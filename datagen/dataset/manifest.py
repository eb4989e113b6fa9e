"""The manifest: one JSON line per sample, and the hash that names a data set's pixels.

While a build runs, lines are only appended, so a kill can tear nothing but the last line. When it
is done the file is rewritten sorted by id, whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from luts.tool.errors import UserError
from luts.tool.files import whole_file

from ..recipe.settings import SPLITS

MANIFEST = "manifest.jsonl"
DATASET = "dataset.json"
OK = "ok"
CHECK = "check"  # last key of a line: CRC-32 of the line as it would be without it
ENDING = len(b', "check": "01234567"}\n')

Row = dict[str, Any]


class ManifestError(UserError):
    """A manifest or data set that cannot be read; the message gives file and line."""


def read_rows(path: Path) -> Iterator[Row]:
    """Read a manifest lazily, checking every row.

    Raises
    ------
    ManifestError
        path:line, what was wrong.
    """
    try:
        stream = Path(path).open("rb")  # noqa: SIM115 - closed below; only opening is guarded
    except FileNotFoundError:
        raise ManifestError(f"{path}: no such manifest; has this data set been built?") from None
    except IsADirectoryError:
        raise ManifestError(f"{path}: is a folder; a manifest is a .jsonl file") from None
    with stream:
        for number, line in enumerate(stream, start=1):
            yield parse_row(line, f"{path}:{number}")


def parse_row(line: bytes, where: str) -> Row:
    """Read one line and check it: its checksum if it has one, and the keys everything relies on."""
    try:
        row = json.loads(line.decode("utf-8"), parse_constant=_refuse_constant)
        if b"\\u" in line:  # an escaped half surrogate is JSON, but no text that can be written
            json.dumps(row, ensure_ascii=False).encode("utf-8")
    except UnicodeError as error:
        raise ManifestError(f"{where}: not UTF-8 text (character {error.start})") from None
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{where}: not a JSON line: {error}") from None
    problem = _problem(row)
    if problem:
        raise ManifestError(f"{where}: {problem}")
    if CHECK in row and not is_signed(line):
        raise ManifestError(f"{where}: has been changed: its checksum is wrong")
    row.pop(CHECK, None)
    return row


def dump_row(row: Mapping[str, Any]) -> bytes:
    """One line that ends with its own checksum, always the same bytes for the same row."""
    line = _json_line(row)
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
        if row["status"] != OK:
            continue
        if row["id"] <= previous:
            raise ManifestError(f"{row['id']}: the manifest is not sorted by id, or lists it twice")
        previous = row["id"]
        digest.update(_json_line({"id": row["id"], "sha256": row["sha256"]}))
    return digest.hexdigest()


def output_files(row: Row) -> list[str]:
    """Every file a row stands for, relative to the data set's folder."""
    return sorted(row.get("sha256", {}))


def _ending(line: bytes) -> bytes:
    return b', "%b": "%b"}\n' % (CHECK.encode(), checksum(line).encode())


def _json_line(value: Mapping[str, Any]) -> bytes:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8") + b"\n"


def _line_at(stream: Any, offset: int) -> bytes:
    stream.seek(offset)
    return stream.readline()


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number JSON allows")


_KINDS: dict[str, tuple[type, ...]] = {
    "id": (str,),
    "scene": (str,),
    "group": (str,),
    "split": (str,),
    "status": (str,),
    "ev": (float, int, type(None)),
    "distortion": (dict, type(None)),
}
_KINDS_OF_OK: dict[str, tuple[type, ...]] = {
    "input": (str,),
    "regions": (str,),
    "references": (dict,),
    "sha256": (dict,),
    "coverage": (dict,),
    "width": (int,),
    "height": (int,),
    "bits": (int,),
}


def _problem(row: object) -> str:
    """What is wrong with a parsed row, in words; "" when nothing is."""
    if not isinstance(row, dict):
        return f"must be a JSON object, got {type(row).__name__}"
    kinds = _KINDS | (_KINDS_OF_OK if row.get("status") == OK else {})
    for key, allowed in kinds.items():
        if key not in row:
            return f"{key} is missing"
        if not isinstance(row[key], allowed) or isinstance(row[key], bool):
            return f"{key} has the wrong type, {type(row[key]).__name__}"
    if row["split"] not in SPLITS:
        return f"split must be one of {', '.join(SPLITS)}; got {row['split']!r}"
    if row["status"] != OK:
        return ""
    return _problem_of_files(row)


def _problem_of_files(row: Row) -> str:
    if not row["references"]:
        return "references is empty"
    for path, digest in row["sha256"].items():
        if path.startswith("/") or ".." in path.split("/") or "\\" in path or "\0" in path:
            return f"sha256 names a file outside the data set: {path!r}"
        if not (isinstance(digest, str) and len(digest) == 64 and set(digest) <= _HEX):
            return f"sha256 of {path!r} is not 64 hex digits"
    for path in (row["input"], row["regions"], *row["references"].values()):
        if not isinstance(path, str) or path not in row["sha256"]:
            return f"{path!r} has no sha256"
    return ""


_HEX = frozenset("0123456789abcdef")
