"""Numbers printed in papers, each with the protocol it was measured under.

They are never comparable with our own rows, nor with each other across protocols: the same photos
were rendered, resized, split and scored differently. `protocols.csv` says how, the other files hold
the values; nothing is in them that was not checked against its source.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

VALUE_COLUMNS = ("protocol", "method", "reference", "metric", "value", "note")
PROTOCOL_COLUMNS = (
    "protocol", "dataset", "render", "size", "split", "images", "region", "convention", "source",
)  # fmt: skip
# Metric -> lowest and highest value that can be right.
RANGES = {"psnr": (5.0, 60.0), "ssim": (0.0, 1.0), "pi": (0.0, 10.0)}


class PublishedError(ValueError):
    """A published table that cannot be trusted: the message gives file, line and reason."""


@dataclass(frozen=True)
class Protocol:
    """How a table was measured. `images` is None where the source does not say."""

    name: str
    dataset: str
    render: str
    size: str
    split: str
    images: int | None
    region: str
    convention: str
    source: str


@dataclass(frozen=True)
class Published:
    """One printed number. `reference` is an expert, "average" of the five, or "" for the only one.

    `note` says what is wrong with the print, where something is.
    """

    protocol: Protocol
    method: str
    reference: str
    metric: str
    value: float
    note: str


def read_published() -> list[Published]:
    """Read every published number, in the order of the files.

    Raises
    ------
    PublishedError : an unknown column, protocol or metric, a value out of range, a repeated row.
    """
    folder = files(__name__)
    protocols = _read_protocols(folder / "protocols.csv")
    tables = sorted(
        (f for f in folder.iterdir() if f.name.endswith(".csv") and f.name != "protocols.csv"),
        key=lambda f: f.name,
    )
    return [row for table in tables for row in read_values(table, protocols)]


def read_values(table: Traversable, protocols: dict[str, Protocol]) -> list[Published]:
    """Read and check one file of values."""
    rows: list[Published] = []
    seen: set[tuple[str, ...]] = set()
    for where, cells in _lines(table, VALUE_COLUMNS):
        name, method, reference, metric, value, note = cells
        if name not in protocols:
            raise PublishedError(f"{where}: protocol {name!r} is not in protocols.csv")
        if metric not in RANGES:
            raise PublishedError(f"{where}: metric {metric!r}; known: {', '.join(RANGES)}")
        if not method:
            raise PublishedError(f"{where}: no method")
        low, high = RANGES[metric]
        try:
            number = float(value)
        except ValueError:
            raise PublishedError(f"{where}: {value!r} is not a number") from None
        if not low <= number <= high:
            raise PublishedError(f"{where}: {metric} {number} is outside {low} to {high}")
        key = (name, method, reference, metric)
        if key in seen:
            raise PublishedError(f"{where}: {' '.join(key)} is there already")
        seen.add(key)
        rows.append(Published(protocols[name], method, reference, metric, number, note))
    return rows


def _read_protocols(table: Traversable) -> dict[str, Protocol]:
    protocols: dict[str, Protocol] = {}
    for where, cells in _lines(table, PROTOCOL_COLUMNS):
        name, dataset, render, size, split, images, *rest = cells
        if not all((name, dataset, render, size, split, *rest)):
            raise PublishedError(f"{where}: empty cell; only `images` may be empty")
        if name in protocols:
            raise PublishedError(f"{where}: protocol {name!r} is there already")
        count = int(images) if images else None
        protocols[name] = Protocol(name, dataset, render, size, split, count, *rest)
    return protocols


def _lines(table: Traversable, columns: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    """Yield ("file:line", cells) of a CSV with exactly these columns."""
    reader = csv.reader(io.StringIO(table.read_text("utf-8"), newline=""))
    header = next(reader, [])
    if tuple(header) != columns:
        raise PublishedError(
            f"{table.name}:1: columns {', '.join(header)}; expected {', '.join(columns)}"
        )
    for cells in reader:
        where = f"{table.name}:{reader.line_num}"
        if len(cells) != len(columns):
            raise PublishedError(f"{where}: {len(cells)} cells; expected {len(columns)}")
        yield where, cells
