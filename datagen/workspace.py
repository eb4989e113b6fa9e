"""The folder of a data set under construction: one builder, one recipe, only what is whole."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from .files import sha256_file, write_text
from .manifest import DATASET, MANIFEST, OK, ManifestError, Row, dump_row, parse_row
from .recipe import RecipeError, with_new_settings
from .strict import shown

LOCK = ".lock"
BATCH = 256  # rows checked at a time, so that memory does not grow with the data set


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder; a second builder is refused. The lock dies with its process."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RecipeError(f"{folder}: another build is at work here; wait for it") from None
        yield


def claim(folder: Path, name: str, meaning: Mapping[str, Any]) -> None:
    """Take the folder for a recipe, or refuse to mix two recipes in one data set.

    `meaning` is what decides the pixels: the resolved recipe, and the hashes of its LUT files.
    """
    if (folder / DATASET).is_file():
        before = _meaning(read_dataset(folder), meaning)
        if before != meaning:
            raise RecipeError(
                f"{folder}: holds a data set of another recipe "
                f"({_difference(before, dict(meaning))}); choose another folder"
            )
    elif any(entry.name != LOCK for entry in folder.iterdir()):
        raise RecipeError(f"{folder}: is not empty and holds no {DATASET}; choose another folder")
    else:
        write_dataset(folder, {"name": name, **meaning, "complete": False})
    for scratch in folder.glob("**/.*.part*"):  # what killed workers were writing
        scratch.unlink(missing_ok=True)


def _meaning(content: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """What a data set's file says decides its pixels, in today's words where it is older."""
    found = {key: content.get(key) for key in keys}
    with contextlib.suppress(ValueError, TypeError):
        found["recipe"] = with_new_settings(found["recipe"])
    return found


def read_dataset(folder: Path) -> dict[str, Any]:
    """Read dataset.json; raises ManifestError when it is missing or damaged."""
    path = Path(folder) / DATASET
    try:
        content = json.loads(path.read_bytes().decode("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise ManifestError(f"{folder}: is no data set (it has no {DATASET})") from None
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{path}: not JSON: {error}") from None
    if not isinstance(content, dict) or not isinstance(content.get("recipe"), dict):
        raise ManifestError(f"{path}: must be an object with a 'recipe'")
    return content


def write_dataset(folder: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    write_text(Path(folder) / DATASET, text)


def whole_rows(folder: Path) -> Iterator[tuple[int, Row]]:
    """The manifest's rows of finished samples whose files all have their hash, with byte offsets.

    A line that cannot be read is passed over, whatever tore it: its sample is made again. When a
    sample has several rows, all of them are given.
    """
    lines = _lines(folder / MANIFEST)
    check = _FileCheck(folder)
    with ThreadPoolExecutor(max_workers=4) as pool:
        while batch := list(islice(lines, BATCH)):
            for entry, whole in zip(batch, pool.map(check, (row for _, row in batch)), strict=True):
                if whole:
                    yield entry


class _FileCheck:
    """Tells whether a row's files are there with their hashes; shared files are read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shared: dict[str, bool] = {}  # LUTs and references, which many rows name

    def __call__(self, row: Row) -> bool:
        own = {row["input"], row["regions"]}
        return all(
            self._has(path, digest) if path in own else self._shared(path, digest)
            for path, digest in row["sha256"].items()
        )

    def _shared(self, path: str, digest: str) -> bool:
        key = f"{digest}:{path}"
        if key not in self.shared:
            self.shared[key] = self._has(path, digest)
            if not self.shared[key]:  # a LUT that is there is not written again, so it must go
                (self.folder / path).unlink(missing_ok=True)
        return self.shared[key]

    def _has(self, path: str, digest: str) -> bool:
        try:
            return sha256_file(self.folder / path) == digest
        except OSError:
            return False


class Appender:
    """Appends rows to the manifest and remembers where each one starts."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / MANIFEST
        self.stream = self.path.open("ab")
        if self.stream.tell() and not _ends_with_newline(self.path):
            self.stream.write(b"\n")  # a torn line must not swallow the next one

    def append(self, rows: Iterable[Row]) -> dict[str, int]:
        """Write rows in one go; returns sample id -> byte offset."""
        offsets, lines, position = {}, [], self.stream.tell()
        for row in rows:
            line = dump_row(row)
            offsets[row["id"]] = position
            lines.append(line)
            position += len(line)
        self.stream.write(b"".join(lines))
        self.stream.flush()
        return offsets

    def __enter__(self) -> Appender:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()


def _lines(path: Path) -> Iterator[tuple[int, Row]]:
    if not path.is_file():
        return
    offset = 0
    with path.open("rb") as stream:
        for line in stream:
            try:
                row = parse_row(line, str(path)) if line.endswith(b"\n") else None
            except ManifestError:
                row = None
            if row and row["status"] == OK:
                yield offset, row
            offset += len(line)


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read() == b"\n"


def _difference(before: object, now: object, where: str = "") -> str:
    """Name the first setting in which two resolved recipes differ."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in sorted({*before, *now}):
            if before.get(key) != now.get(key):
                return _difference(
                    before.get(key), now.get(key), f"{where}.{key}" if where else key
                )
    return f"{where} was {shown(before)}, is {shown(now)}"
