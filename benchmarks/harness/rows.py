"""Result rows on disk: one page that says what a row holds, read strictly.

One line of `rows.jsonl` (`rows.RANK.jsonl` where several ranks write) is one evaluation (method,
sample, reference) with all its values: a line is there whole or not at all, so a run can be killed
at any moment and resumed. The long table (one row per metric and region) is a view of it, see
`long_table`, which reports save as `rows.csv`.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import math
import os
import re
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Annotated, Any, Literal

import numpy as np
import orjson

from datagen.dataset.rows import DeltaE, Share, Stops
from luts.tool import gate
from luts.tool.errors import UserError
from luts.tool.files import open_plain, open_to_append
from luts.tool.strict import read_value, to_table
from luts.tool.words import FieldError, shown

METRIC_ID = re.compile(r"(?P<name>\w+)(@\d+)?(\(.*\))?\[(?P<region>\w+)(:[^\]]*)?\]")
ROWS = "rows.jsonl"
PARTS = "rows*.jsonl"
OK = "ok"
MADE = 16  # hex digits of a key that say by what it was made; the rest say of which pair
_OURS = re.compile(f"[0-9a-f]{{{2 * MADE}}}")
Name = Annotated[str, gate.plain_name]
Text = Annotated[str, gate.plain_text]


class RunError(UserError):
    """A results folder that is missing, damaged or belongs to another data set."""


def _key(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z]{1,64}", text):
        raise ValueError(f"must be up to 64 letters and digits, got {shown(text)}")
    return text


def _values(table: Any) -> dict[str, float]:
    if not isinstance(table, Mapping):
        raise FieldError(f"must be a table, got {shown(table)}")
    return {gate.plain_text(name): _unpack(value) for name, value in table.items()}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One row: a method on a sample against a reference. Values are by full metric id.

    group : views of one place, which are one scene to the statistics
    ev, distortion, severity, mask, coverage : of the sample, for parting tables
    expert : name of the reference
    status : "ok", or in one line what went wrong; then there are no values
    scorer : METRICS' own functions, or their twins on a device
    """

    key: Annotated[str, _key]
    method: Name
    sample: Annotated[str, gate.plain_path]
    group: Text
    ev: Stops | None
    distortion: Text
    severity: DeltaE
    mask: Text
    expert: Name
    coverage: Mapping[str, Share]
    status: Text
    seconds: float
    values: Annotated[Any, _values] = field(default_factory=dict)
    scorer: Literal["numpy", "torch"] = "numpy"
    note: Text = ""

    @property
    def ok(self) -> bool:
        """Whether it worked."""
        return self.status == OK

    @property
    def pair(self) -> tuple[str, str, str]:
        """Method, sample and reference: what a table has one of."""
        return self.method, self.sample, self.expert


def evaluation_key(*parts: Any) -> str:
    """Hash all that made an evaluation; equal keys mean the stored values may be used again."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def to_line(row: Evaluation) -> str:
    """Write a row as one line of strict JSON: NaN as null, infinities as text."""
    values = {name: _pack(value) for name, value in row.values.items()}
    return json.dumps(to_table(row) | {"values": values}, allow_nan=False) + "\n"


def read_evaluations(run: Path) -> Iterator[Evaluation]:
    """Yield the stored evaluations of a run, file by file, in the order in which they were made.

    A last line without its end is what a killed run leaves behind; it is passed over.

    Raises
    ------
    RunError
        "file:line: field: what is allowed, what was found", for any other line that is no row.
    """
    for table, where in _tables(run):
        yield _parse(table, where)


def finished_keys(run: Path, made: Iterable[str]) -> dict[str, np.ndarray]:
    """The keys of the stored evaluations that worked, eight bytes of memory each.

    Parameters
    ----------
    made : beginnings of keys, MADE hex digits; all others are left out

    Returns
    -------
    Beginning -> the ends of such keys, as numbers (uint64).
    """
    found = {start: array("Q") for start in made}
    for table, _ in _tables(run):
        key = table.get("key")
        if table.get("status") == OK and isinstance(key, str) and _OURS.fullmatch(key):
            start, end = key[:MADE], int(key[MADE:], 16)
            if start in found:
                found[start].append(end)
    return {start: np.array(ends, np.uint64) for start, ends in found.items()}


def evaluations_by(run: Path, made: Mapping[str, Iterable[str]]) -> Iterator[Evaluation]:
    """Yield the evaluations that hold, in the order in which they were made: every try of each.

    Parameters
    ----------
    made : method -> beginnings of the keys that hold for it (rows of older code stay out)
    """
    starts = {name: tuple(parts) for name, parts in made.items()}
    for table, where in _tables(run):
        known = starts.get(str(table.get("method")))
        if known is not None and str(table.get("key")).startswith(known):
            yield _parse(table, where)


def _tables(run: Path) -> Iterator[tuple[dict[str, Any], str]]:
    for path in sorted(Path(run).glob(PARTS)):
        with open_plain(path) as stream:
            for number, line in enumerate(_lines(stream), start=1):
                if not line.endswith(b"\n") and len(line) <= gate.MOST_LINE:
                    break
                yield _json(line, f"{path}:{number}"), f"{path}:{number}"


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Lines, none longer than a row may be: a longer one comes cut, and is refused."""
    while line := stream.readline(gate.MOST_LINE + 1):
        yield line


def _json(line: bytes, where: str) -> dict[str, Any]:
    if len(line) > gate.MOST_LINE:
        raise RunError(f"{where}: not a result row: a line of more than {gate.MOST_LINE} bytes")
    try:
        table = orjson.loads(line)
    except ValueError:
        hint = "; `benchmarks run` makes it again when the line is taken out"
        raise RunError(f"{where}: not a result row: {shown(line[:50])}{hint}") from None
    if not isinstance(table, dict):
        raise RunError(f"{where}: not a result row: {shown(table)}")
    if "scene" in table and "group" not in table:  # rows of before 0.2
        table["group"] = table.pop("scene")
    return table


def _parse(table: dict[str, Any], where: str) -> Evaluation:
    try:
        return read_value(Evaluation, table)
    except FieldError as error:
        raise RunError(f"{where}: {error}") from None


def part_name(rank: int, count: int) -> str:
    """Name the file that one of `count` ranks writes."""
    return ROWS if count == 1 else f"rows.{rank}.jsonl"


@contextlib.contextmanager
def open_for_append(run: Path, name: str = ROWS) -> Iterator[IO[bytes]]:
    """Open a file of rows for appending, cutting off an unfinished last line first.

    Nobody else appends to it meanwhile. Raises RunError when another run does, or when the file is
    a link to somewhere else.
    """
    path = Path(run) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = open_to_append(path)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise RunError(f"{path}: is a link; rows are written to a file of their own") from None
        raise
    with os.fdopen(handle, "r+b") as stream:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            words = "another run writes here; wait for it, or give another --out"
            raise RunError(f"{path}: {words}") from None
        except OSError:  # a file system without locks
            pass
        os.truncate(handle, _whole_lines(stream))
        stream.seek(0, os.SEEK_END)
        yield stream


def _whole_lines(stream: IO[bytes]) -> int:
    """How many bytes there are up to the end of the last whole line."""
    end = stream.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - (1 << 16))
        stream.seek(start)
        at = stream.read(end - start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0


@cache
def split_id(metric_id: str) -> tuple[str, str]:
    """Split a full metric id "psnr@1(rgb)[A]" or "ssim@1(...)[A:nconv]" into ("psnr", "A")."""
    match = METRIC_ID.fullmatch(metric_id)
    return (match["name"], match["region"]) if match else (metric_id, "")


def _pack(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")


def _unpack(value: Any) -> float:
    if type(value) is float and math.isfinite(value):
        return value
    if value is None:
        return math.nan
    if type(value) is int or value in ("inf", "-inf"):
        try:
            return float(value)
        except OverflowError:
            pass
    raise FieldError(f"must hold numbers, null, 'inf' or '-inf', got {shown(value)}")
