"""Result rows on disk.

One line of `rows.jsonl` (`rows.RANK.jsonl` where several ranks write) is one evaluation (method,
sample, reference) with all its values: a line is there whole or not at all, so a run can be killed
at any moment and resumed. The long table (one row per metric and region) is a view of it made by
`load_rows`, which reports save as `rows.csv`.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from luts.tool.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

METRIC_ID = re.compile(r"(?P<name>\w+)(@\d+)?(\(.*\))?\[(?P<region>\w+)(:[^\]]*)?\]")
ROWS, RUN = "rows.jsonl", "run.json"
PARTS = "rows*.jsonl"
LABELS = (
    "method",
    "sample",
    "scene",
    "ev",
    "distortion",
    "severity",
    "mask",
    "expert",
    "status",
    "seconds",
    "scorer",
    "note",
)


class RunError(UserError):
    """A results folder that is missing, damaged or belongs to another data set."""


def evaluation_key(*parts: Any) -> str:
    """Hash all that made an evaluation; equal keys mean the stored values may be used again."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def to_line(record: dict[str, Any]) -> str:
    """Write a record as one line of strict JSON: NaN as null, infinities as text."""
    values = {name: _pack(value) for name, value in record["values"].items()}
    return json.dumps(record | {"values": values}, allow_nan=False) + "\n"


def read_records(run: Path) -> Iterator[dict[str, Any]]:
    """Yield the stored evaluations of a run, file by file, in the order in which they were made.

    A last line without its end is what a killed run leaves behind; it is passed over. Raises
    RunError for any other line that does not parse.
    """
    for path in sorted(Path(run).glob(PARTS)):
        yield from _read_part(path)


def _read_part(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                record = json.loads(line)
                record["values"] = {name: _unpack(v) for name, v in record["values"].items()}
            except (ValueError, KeyError, TypeError, AttributeError):
                raise RunError(f"{path}:{number}: not a result row: {line[:60]!r}") from None
            record.setdefault("scorer", "numpy")  # of rows older than the other one
            record.setdefault("note", "")
            yield record


def finished_keys(run: Path) -> set[str]:
    """The keys of the stored evaluations that worked."""
    return {record["key"] for record in read_records(run) if record["status"] == "ok"}


def current_records(run: Path, keys: set[str]) -> list[dict[str, Any]]:
    """Read the evaluations with some keys, one of each: one that worked, else the last tried."""
    found: dict[str, dict[str, Any]] = {}
    for record in read_records(run):
        key = record["key"]
        if key in keys and (key not in found or found[key]["status"] != "ok"):
            found[key] = record
    return list(found.values())


def part_name(rank: int, count: int) -> str:
    """Name the file that one of `count` ranks writes."""
    return ROWS if count == 1 else f"rows.{rank}.jsonl"


def open_for_append(run: Path, name: str = ROWS) -> IO[bytes]:
    """Open a file of rows for appending, cutting off an unfinished last line first."""
    path = Path(run) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file():
        whole = path.read_bytes().rpartition(b"\n")
        os.truncate(path, len(whole[0]) + len(whole[1]))
    return path.open("ab")


def load_run(run: Path) -> dict[str, Any]:
    """Read `run.json`: data set, split, methods, metrics, device and versions of a run."""
    path = Path(run) / RUN
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise RunError(f"{run}: no {RUN} here; make one with `benchmarks run`") from None
    except ValueError as error:
        raise RunError(f"{path}: {error}") from None


def load_rows(run: Path) -> pd.DataFrame:
    """Load a run as the long table.

    Returns
    -------
    One row per method, sample, reference, metric and region, with the columns of LABELS and
    metric, region, value, coverage (share of the frame) and checkpoint. Failed evaluations have one
    row with metric and region empty and value NaN.
    """
    import pandas as pd

    about = load_run(run)
    records = current_records(run, set(about["keys"]))
    checkpoints = {name: facts["checkpoint"] for name, facts in about["methods"].items()}
    evaluations = pd.DataFrame({name: [record[name] for record in records] for name in LABELS})
    evaluations["ev"] = evaluations["ev"].astype(float)  # not known is NaN
    evaluations["checkpoint"] = [checkpoints[record["method"]] for record in records]
    counts, long = [], []
    for record in records:
        values = record["values"] or {"": math.nan}
        counts.append(len(values))
        for metric_id, value in values.items():
            metric, region = split_id(metric_id)
            long.append((metric, region, value, record["coverage"].get(region, 1.0)))
    rows = evaluations.take(np.repeat(np.arange(len(records)), counts)).reset_index(drop=True)
    measured = pd.DataFrame(long, columns=["metric", "region", "value", "coverage"])
    return pd.concat([rows, measured], axis=1)


@cache
def split_id(metric_id: str) -> tuple[str, str]:
    """Split a full metric id "psnr@1(rgb)[A]" or "ssim@1(...)[A:nconv]" into ("psnr", "A")."""
    match = METRIC_ID.fullmatch(metric_id)
    return (match["name"], match["region"]) if match else (metric_id, "")


def _pack(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")


def _unpack(value: float | str | None) -> float:
    return math.nan if value is None else float(value)
