"""Read a built data set: rows by split, and pairs as float arrays. Needs numpy only."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np

from ..images.codes import to_float
from ..images.files import ImageError
from ..references import leading
from ..regions.labels import check_regions
from .manifest import DATASET, MANIFEST, ManifestError
from .pictures import read_picture
from .rows import Row, Sample
from .table import Rows, read_table
from .workspace import read_dataset


@dataclass(frozen=True)
class DataSet:
    """A complete data set: where it is, what it is called, and its manifest's rows.

    The rows stay on disk and are read when they are asked for: a million of them take 26 MB.
    """

    folder: Path
    name: str
    hash: str  # of all its pixels; see manifest.dataset_hash
    rows: Rows  # in the order of their ids

    def __len__(self) -> int:
        """How many samples were made."""
        return len(self.samples)

    def __getitem__(self, index: int) -> Pair:
        """The pair of the index-th sample that was made, with its first reference."""
        return load_pair(self, self.samples[index])

    @cached_property
    def samples(self) -> Sequence[Sample]:
        """The samples that were made, in the order of their ids."""
        return self.select()

    def select(self, *, split: str | None = None, **wanted: Any) -> Sequence[Sample]:
        """The samples that were made, of one split, and whose row has all the wanted values.

        Examples: `select(split="test")`, `select(split="train", ev=-1.0, distortion=None)`.

        Raises
        ------
        TypeError
            Samples have no field of that name.
        """
        if unknown := wanted.keys() - {item.name for item in fields(Sample)}:
            raise TypeError(f"samples have no field {min(unknown)!r}")

        def fits(row: Row) -> bool:
            return all(getattr(row, key) == value for key, value in wanted.items())

        # The EV is held in memory; for all else rows are read.
        evs = (wanted.pop("ev"),) if "ev" in wanted else None
        found = self.rows.select(split=split, made=True, evs=evs, fits=fits if wanted else None)
        return cast("Sequence[Sample]", found)

    def row(self, id: str) -> Row:
        """The row of a sample by its id; the rows are sorted by it. KeyError when there is none."""
        at = bisect_left(self.rows, id, key=lambda row: row.id)
        if at == len(self.rows) or self.rows[at].id != id:
            raise KeyError(id)
        return self.rows[at]


@dataclass(frozen=True, eq=False)
class Pair:
    """A sample as arrays, all of one size."""

    id: str
    degraded: np.ndarray  # (H, W, 3) float32, encoded
    reference: np.ndarray  # (H, W, 3) float32, encoded
    regions: np.ndarray  # (H, W) uint8 labels: 2 = A, 1 = B, 0 = C
    lut: Path | None = None  # of the colour distortion, where there is one
    sample: Sample | None = None  # its row


def open_dataset(folder: Path | str, note: Callable[[Row], None] | None = None) -> DataSet:
    """Open a data set.

    Parameters
    ----------
    note : is called with every row as it is checked, for those who want something of each

    Raises
    ------
    ManifestError
        Not a data set, damaged, or a build that has not finished.
    """
    folder = Path(folder)
    head = read_dataset(folder)
    if not head.complete:
        raise ManifestError(f"{folder / DATASET}: the build has not finished; run it again")
    return DataSet(folder, head.name, head.hash, read_table(folder / MANIFEST, note=note))


def one_reference(
    rows: Sequence[Sample], wanted: str | None = None
) -> tuple[str, Sequence[Sample]]:
    """One reference for a whole set: its name, and the samples that have it.

    Without a name it is the leading one of all there are (see `datagen.references.leading`), where
    half of the samples have it, else the one that most have. What a sample lacks is never made up
    by another of its references; it is left out, and the caller may count it.

    Raises
    ------
    ManifestError
        No sample has the reference wanted.
    """
    found = Counter(name for row in rows for name in row.references)
    if wanted is None:
        wanted = leading(found)
        if 2 * found[wanted] < len(rows):
            wanted = min(found, key=lambda name: (-found[name], name))
    elif wanted not in found:
        raise ManifestError(f"no sample has a reference {wanted!r}; there are {', '.join(found)}")
    if found[wanted] == len(rows):  # the rows may lie on disk: they stay there
        return wanted, rows
    return wanted, [row for row in rows if wanted in row.references]


def load_pair(dataset: DataSet, row: Sample, reference: str | None = None) -> Pair:
    """Read one sample.

    Parameters
    ----------
    row : one of the data set's
    reference : name of the reference wanted; None is an expert's, or else the fused one's, see
        `datagen.references.leading`

    Raises
    ------
    ManifestError
        The sample has no such reference, or its files are missing, damaged or of different sizes.
    """
    names = sorted(row.references)
    name = leading(names) if reference is None else reference
    if name not in names:
        raise ManifestError(f"{row.id}: no reference {name!r}; it has {', '.join(names)}")
    try:
        degraded, wanted, regions = (
            read_picture(dataset.folder, path, row.size)
            for path in (row.input, row.references[name], row.regions)
        )
        check_regions(regions)
    except (ImageError, ValueError) as error:
        raise ManifestError(f"{row.id}: {error}") from None
    lut = dataset.folder / row.distortion.lut if row.distortion else None
    return Pair(row.id, to_float(degraded), to_float(wanted), regions, lut, row)
