"""A data set under construction: one recipe, and only what is whole."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

from luts.tool.files import open_to_append, sha256
from luts.tool.strict import read_value, to_table
from luts.tool.words import shown

from ..recipe.load import RecipeError, with_new_settings
from .manifest import (
    CHECK,
    DATASET,
    ManifestError,
    bounded_lines,
    checksum,
    dump_row,
    is_signed,
    parse_row,
)
from .rows import Head, Row, Sample
from .target import Target, open_target

MOST_HEAD = 16 << 20  # bytes of dataset.json
BATCH = 256  # rows checked at a time, so that memory does not grow with the data set


def claim(target: Target, head: Head) -> None:
    """Take the target for a recipe, or refuse to mix two recipes in one data set."""
    if target.size(DATASET) is not None:
        held = read_dataset(target)
        if held.derived:
            raise RecipeError(
                f"{target}: holds a data set cut or merged from others; choose another folder"
            )
        before, now = _meaning(held), _meaning(head)
        if before != now:
            raise RecipeError(
                f"{target}: holds a data set of another recipe "
                f"({_difference(before, now)}); choose another folder"
            )
    elif not target.is_empty():
        raise RecipeError(f"{target}: is not empty and holds no {DATASET}; choose another folder")
    else:
        write_dataset(target, head)
    target.sweep()


def _meaning(head: Head) -> dict[str, Any]:
    """What a data set's file says decides its pixels, in today's words where it is older."""
    recipe = head.recipe
    with contextlib.suppress(ValueError, TypeError, AttributeError):
        recipe = with_new_settings(recipe)
    return {"recipe": recipe, "distort": head.distort}


def read_dataset(place: Target | Path | str) -> Head:
    """Read dataset.json; raises ManifestError when it is missing or damaged."""
    target = open_target(place)
    if (target.size(DATASET) or 0) > MOST_HEAD:
        raise ManifestError(f"{target}/{DATASET}: must be up to {MOST_HEAD} bytes; it is longer")
    try:
        content = json.loads(target.read(DATASET).decode("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise ManifestError(f"{target}: is no data set (it has no {DATASET})") from None
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{target}/{DATASET}: not JSON: {error}") from None
    if not isinstance(content, dict):
        raise ManifestError(f"{target}/{DATASET}: must be a JSON object")
    check = content.pop(CHECK, "none" if "files" in content else None)
    if check is not None and check != checksum(_text(content)):
        raise ManifestError(f"{target}/{DATASET}: has been changed: its checksum is wrong")
    try:
        return read_value(Head, content)
    except ValueError as error:
        raise ManifestError(f"{target}/{DATASET}: {error}") from None


def write_dataset(place: Target | Path | str, head: Head) -> None:
    """Write dataset.json, signed with its checksum."""
    content = to_table(head)
    open_target(place).write(DATASET, _text({**content, CHECK: checksum(_text(content))}))


def _text(content: Mapping[str, Any]) -> bytes:
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "replace")


def whole_rows(target: Target, manifest: Path) -> Iterator[tuple[int, Sample]]:
    """The manifest's rows of finished samples whose files all have their hash, with byte offsets.

    A line that cannot be read is passed over, whatever tore it: its sample is made again. When a
    sample has several rows, all of them are given.
    """
    lines = _lines(manifest)
    check = _FileCheck(target)
    with ThreadPoolExecutor(max_workers=4) as pool:
        while batch := list(islice(lines, BATCH)):
            for entry, whole in zip(batch, pool.map(check, (row for _, row in batch)), strict=True):
                if whole:
                    yield entry


class _FileCheck:
    """Tells whether a row's files are there with their hashes; shared files are read once."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.shared: dict[str, bool] = {}  # LUTs and references, which many rows name

    def __call__(self, row: Sample) -> bool:
        own = {row.input, row.regions}
        return all(
            self._has(path, digest) if path in own else self._shared(path, digest)
            for path, digest in row.sha256.items()
        )

    def _shared(self, path: str, digest: str) -> bool:
        key = f"{digest}:{path}"
        if key not in self.shared:
            self.shared[key] = self._has(path, digest)
            if not self.shared[key]:  # a LUT that is there is not written again, so it must go
                self.target.remove(path)
        return self.shared[key]

    def _has(self, path: str, digest: str) -> bool:
        try:
            return sha256(self.target.read(path)) == digest
        except OSError:
            return False


class Appender:
    """Appends rows to the manifest, scene by scene, and remembers where each one starts."""

    def __init__(self, target: Target, manifest: Path) -> None:
        self.target = target
        self.stream = os.fdopen(open_to_append(manifest), "r+b")
        size = self.stream.seek(0, os.SEEK_END)
        if size and not _ends_with_newline(manifest):
            self.stream.write(b"\n")  # a torn line must not swallow the next one

    def append(self, scene: str, rows: Iterable[Row]) -> dict[str, int]:
        """Write a scene's rows in one go; returns sample id -> byte offset."""
        offsets, lines, position = {}, [], self.stream.tell()
        for row in rows:
            line = dump_row(row)
            offsets[row.id] = position
            lines.append(line)
            position += len(line)
        self.stream.write(b"".join(lines))
        self.stream.flush()
        self.target.keep_rows(scene, b"".join(lines))
        return offsets

    def __enter__(self) -> Appender:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()


def _lines(path: Path) -> Iterator[tuple[int, Sample]]:
    if not path.is_file():
        return
    with path.open("rb") as stream:
        for offset, line in bounded_lines(stream):
            try:
                row = parse_row(line, str(path))
                whole = is_signed(line)
            except ManifestError:
                whole = False
            if whole and isinstance(row, Sample):
                yield offset, row


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
