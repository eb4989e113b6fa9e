"""A manifest as a sequence of rows that stays on disk: 26 bytes of memory per row.

The file is read once, and every row of it checked; what is kept of each is where its line begins
and what rows are selected by. A row is read again when it is asked for.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from operator import index as as_index
from pathlib import Path
from typing import BinaryIO, overload

import numpy as np

from .manifest import MOST_LINE, ManifestError, bounded_lines, open_manifest, parse_row
from .rows import SPLITS, Row, Sample


@dataclass(frozen=True, eq=False)
class Index:
    """What is held in memory of a manifest; all arrays are as long as it has rows."""

    path: Path
    offsets: np.ndarray  # uint64: where a line begins
    numbers: np.ndarray  # uint32: which line it is, from 1
    splits: np.ndarray  # uint8: index into SPLITS
    made: np.ndarray  # bool
    evs: np.ndarray  # float64, NaN where it is not known


class Rows(Sequence[Row]):
    """Rows of a manifest, all or some, in the order of the file."""

    def __init__(self, index: Index, chosen: np.ndarray) -> None:
        self.held, self.chosen = index, chosen

    def __len__(self) -> int:
        return len(self.chosen)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Rows: ...
    def __getitem__(self, index: int | slice) -> Row | Rows:
        """Read one row; a slice is rows again. Raises IndexError, or ManifestError as reading."""
        if isinstance(index, slice):
            return Rows(self.held, self.chosen[index])
        place = self.chosen[as_index(index)]
        with open_manifest(self.held.path) as stream:
            return self._read(stream, place)

    def __iter__(self) -> Iterator[Row]:
        with open_manifest(self.held.path) as stream:
            for place in self.chosen:
                yield self._read(stream, place)

    def _read(self, stream: BinaryIO, place: np.integer) -> Row:
        stream.seek(int(self.held.offsets[place]))
        line = stream.readline(MOST_LINE + 1)
        return parse_row(line, f"{self.held.path}:{self.held.numbers[place]}")

    def select(
        self,
        *,
        split: str | None = None,
        made: bool = False,
        evs: Container[float | None] | None = None,
        fits: Callable[[Row], bool] | None = None,
    ) -> Rows:
        """The rows of one split, those made, of some EVs, and those that fit; only `fits` reads."""
        keep = np.ones(len(self.chosen), bool)
        if split is not None:
            code = SPLITS.index(split) if split in SPLITS else len(SPLITS)
            keep &= self.held.splits[self.chosen] == code
        if made:
            keep &= self.held.made[self.chosen]
        if evs is not None:
            known = (
                (None if ev != ev else ev) in evs for ev in self.held.evs[self.chosen].tolist()
            )
            keep &= np.fromiter(known, bool, len(keep))
        some = Rows(self.held, self.chosen[keep])
        if fits is None:
            return some
        fitting = np.fromiter((fits(row) for row in some), bool, len(some))
        return Rows(self.held, some.chosen[fitting])


def read_table(
    path: Path,
    refused: Callable[[ManifestError], None] | None = None,
    note: Callable[[Row], None] | None = None,
) -> Rows:
    """Read a manifest through, checking every row.

    Parameters
    ----------
    refused : takes the errors of rows that cannot be read, which are then left out; without it the
        first one is raised
    note : takes every row that can be read, in their order

    Raises
    ------
    ManifestError
        There is no manifest, or path:line, what was wrong.
    """
    offsets, numbers = array("Q"), array("I")
    splits, made, evs = array("B"), array("B"), array("d")
    with open_manifest(path) as stream:
        for number, (offset, line) in enumerate(bounded_lines(stream), start=1):
            try:
                row = parse_row(line, f"{path}:{number}")
            except ManifestError as error:
                if refused is None:
                    raise
                refused(error)
                continue
            offsets.append(offset)
            numbers.append(number)
            splits.append(SPLITS.index(row.split))
            made.append(isinstance(row, Sample))
            evs.append(float("nan") if row.ev is None else row.ev)
            if note is not None:
                note(row)
    index = Index(
        path,
        np.array(offsets, np.uint64),
        np.array(numbers, np.uint32),
        np.array(splits, np.uint8),
        np.array(made, bool),
        np.array(evs, np.float64),
    )
    return Rows(index, np.arange(len(offsets), dtype=np.uint32))
