"""What stands in more than one split of a data set, where a test should be of what was not seen."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from luts.tool.strict import to_table

from .findings import MOST_PROBLEMS, short_hash
from .rows import SPLITS, Distortion, Row, Sample
from .table import Rows


@dataclass
class Noted:
    """Names of one kind, by their hashes: thirteen bytes each, so that a million of them fit."""

    hashes: array[int] = field(default_factory=lambda: array("Q"))
    places: array[int] = field(default_factory=lambda: array("I"))  # of the row among all
    splits: array[int] = field(default_factory=lambda: array("B"))

    def add(self, name: str, place: int, split: str) -> None:
        """Add a name that the row at a place has."""
        self.hashes.append(short_hash(name))
        self.places.append(place)
        self.splits.append(SPLITS.index(split))

    def divided(self) -> list[tuple[int, int, int]]:
        """The first two rows, of different splits, of every name that has such, and its hash."""
        hashes, places, splits = map(np.array, (self.hashes, self.places, self.splits))
        order = np.argsort(hashes, kind="stable")
        hashes, places, splits = hashes[order], places[order], splits[order]
        heads = np.flatnonzero(np.diff(hashes, prepend=~hashes[:1]) != 0)
        head_of = np.repeat(heads, np.diff(heads, append=len(order)))
        other = np.flatnonzero(splits != splits[head_of])
        _, firsts = np.unique(head_of[other], return_index=True)
        found = (other[first] for first in firsts)
        return [(int(places[head_of[at]]), int(places[at]), int(hashes[at])) for at in found]


@dataclass
class Leaks:
    """Groups, source files and LUTs of all rows, noted one by one."""

    rows: int = 0
    groups: Noted = field(default_factory=Noted)
    sources: Noted = field(default_factory=Noted)
    luts: Noted = field(default_factory=Noted)

    def note(self, row: Row) -> None:
        """Note the next row."""
        self.groups.add(row.group, self.rows, row.split)
        if row.source and row.source.sha256:
            self.sources.add(row.source.sha256, self.rows, row.split)
        if isinstance(row, Sample) and row.distortion:
            for key in _keys(row.distortion):
                self.luts.add(key, self.rows, row.split)
        self.rows += 1

    def of_scenes(self, rows: Rows) -> Iterator[str]:
        """A line for each group and each source file in two splits; `rows` are those noted."""
        for first, other, _ in self.groups.divided()[:MOST_PROBLEMS]:
            yield _line("group", rows[first].group, rows[first], rows[other])
        for first, other, _ in self.sources.divided()[:MOST_PROBLEMS]:
            source = rows[first].source
            assert source is not None  # it was noted
            yield _line("source file", source.sha256, rows[first], rows[other])

    def of_luts(self, rows: Rows) -> list[tuple[str, Sample, Sample]]:
        """Every distortion, or layer of one, that two splits share.

        What it is called, and the first sample with it in either split.
        """
        found = []
        for first, other, code in self.luts.divided()[:MOST_PROBLEMS]:
            one, two = rows[first], rows[other]
            assert isinstance(one, Sample) and isinstance(two, Sample) and two.distortion
            keys = _keys(two.distortion)
            name = next(name for key, name in keys.items() if short_hash(key) == code)
            found.append((other, name, one, two))
        return [(name, one, two) for _, name, one, two in sorted(found, key=lambda each: each[0])]


def shares_luts(recipe: Mapping[str, Any]) -> bool:
    """Whether a resolved recipe has a block whose LUTs may be in several splits."""
    blocks = recipe.get("distort", ())
    return any(isinstance(block, dict) and block.get("shared") is True for block in blocks)


def _line(what: str, name: str, one: Row, two: Row) -> str:
    return (
        f"leak: {what} {name[:16]} is in {one.split} ({one.scene}) and in {two.split} ({two.scene})"
    )


def _keys(distortion: Distortion) -> dict[str, str]:
    """What identifies a distortion: the table that is stored, and what each layer was made from."""
    found = {distortion.lut: distortion.name}
    layers = distortion.layers or (distortion,)
    for layer in layers:
        known = layer.parameters
        inner = known.get("parameters")
        finished = known.get("lut_sha256") or (
            inner.get("table_hash") if isinstance(inner, Mapping) else None
        )
        if finished:
            found[str(finished)] = layer.name
        elif distortion.layers:
            found[json.dumps(to_table(known), sort_keys=True)] = layer.name
    return found
