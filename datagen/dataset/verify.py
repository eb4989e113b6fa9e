"""Check a built data set against its own manifest, and against somebody else's."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from luts.tool.gate import plain_text

from ..sources.picture_hash import near_duplicates
from .against import compare
from .card import CARD, CROISSANT
from .findings import MOST_PROBLEMS, Report, is_lut, short_hash
from .leaks import Leaks, shares_luts
from .manifest import (
    DATASET,
    MANIFEST,
    ManifestError,
    dataset_hash,
)
from .rows import Head, Lost, Row, Sample
from .table import Rows, read_table
from .target import Target, open_target
from .verify_scenes import file_problems, lut_reports, scene_reports
from .workspace import read_dataset

MOST_STRANGERS = 20


@dataclass
class _Seen:
    """What is kept of every scene and file: a few bytes, so that a million of them fit."""

    files: array[int] = field(default_factory=lambda: array("Q"))  # hashes of their names
    pictures: array[int] = field(default_factory=lambda: array("Q"))
    places: array[int] = field(default_factory=lambda: array("Q"))  # row of the picture's scene

    def add(self, files: Iterable[str]) -> None:
        self.files.extend(short_hash(name) for name in files)
        if len(self.files) > 4 * self._compact:
            self.files = array("Q", np.unique(np.frombuffer(self.files, np.uint64)).tobytes())
            self._compact = max(self._compact, len(self.files))

    _compact: int = 250_000


def verify(
    place: Target | Path | str, *, against: Path | None = None, strict: bool = False
) -> Report:
    """Verify every file and claim of a data set.

    Parameters
    ----------
    place : its folder, or its URL
    against : another manifest.jsonl that must name the same pixels; its pictures are not needed
    strict : near-duplicate pictures in different splits, and what the rows note of scenes that look
        like a wrong reading, are problems, not notes

    Raises
    ------
    ManifestError
        `place` holds no data set, or `against` is no manifest.
    """
    target, report = open_target(place), Report()
    head = read_dataset(target)
    if not head.complete:
        report.tell(f"{DATASET}: the build has not finished")
    with target.here([MANIFEST, CARD, CROISSANT]) as folder:
        for name in (MANIFEST, CARD, CROISSANT):
            if name not in head.files:  # a set of an earlier version
                continue
            report.tell(*file_problems(folder, name, head.files[name]))
        if not (folder / MANIFEST).is_file():
            raise ManifestError(f"{target}/{MANIFEST}: no such manifest; has this been built?")
        rows = read_table(folder / MANIFEST, lambda error: report.tell(_named(error, folder)))
        _check_rows(target, rows, head, report, strict=strict)
        if against is not None:
            compare(rows, Path(against), report)
    return report


def _named(error: ManifestError, folder: Path) -> str:
    """An error of the manifest without the folder, which the report is about."""
    return str(error).removeprefix(f"{folder}/")


def _check_rows(target: Target, rows: Rows, head: Head, report: Report, *, strict: bool) -> None:
    """All that the rows say, and all the files they name."""
    luts: set[tuple[str, str]] = set()
    lost: Counter[str] = Counter()
    leaks = Leaks()

    def noting() -> Iterator[Row]:
        for row in rows:
            leaks.note(row)
            if isinstance(row, Lost):
                lost[row.status] += 1
            else:
                luts.update(item for item in row.sha256.items() if is_lut(item[0]))
            yield row

    noted = noting()
    _check_hash(noted, head.hash, report)
    for _ in noted:  # what is left where the hash could not be made
        pass
    report.notes += [f"{count} samples were not made: {name}" for name, count in lost.items()]
    report.tell(*leaks.of_scenes(rows))
    _check_luts(leaks.of_luts(rows), report, shared=shares_luts(head.recipe))
    seen, place, doubtful = _Seen(), 0, 0
    seen.add((DATASET, MANIFEST))
    for found in lut_reports(target, luts):
        report.tell(*found.problems)
        seen.add(found.files)
    for place, found in scene_reports(target, rows):
        report.tell(*found.problems)
        report.samples += found.samples
        report.tell(*(found.notes if strict else ()))
        doubtful += bool(found.notes)
        if not strict and doubtful <= MOST_STRANGERS:
            report.notes += found.notes
        seen.add(found.files)
        if found.picture is not None:
            seen.pictures.append(found.picture)
            seen.places.append(place)
    if doubtful:
        report.notes.append(f"{doubtful} scenes have notes; --strict makes them problems")
    _check_duplicates(rows, seen, report, strict=strict)
    named = np.unique(np.frombuffer(seen.files, np.uint64))
    report.files = len(named)
    report.notes += [
        f"{plain_text(path)}: is not in the manifest" for path in _strangers(target, named)
    ]


def _strangers(target: Target, named: np.ndarray) -> list[str]:
    """The first files, by name, that no row names."""
    found: list[str] = []
    for place in ("scenes", "luts"):
        for path in target.walk(place):
            at = int(np.searchsorted(named, code := np.uint64(short_hash(path))))
            if at == len(named) or named[at] != code:
                found.append(path)
                if len(found) > 1000:
                    found = sorted(found)[:MOST_STRANGERS]
    return sorted(found)[:MOST_STRANGERS]


def _check_hash(rows: Iterable[Row], signed: str, report: Report) -> None:
    try:
        found = dataset_hash(rows)
    except ManifestError as error:
        report.tell(str(error))
        return
    if found != signed:
        report.tell(f"{DATASET}: is signed {signed[:16]}, the rows {found[:16]}")


def _check_luts(found: list[tuple[str, Sample, Sample]], report: Report, *, shared: bool) -> None:
    """No LUT may be in two splits, unless the recipe says so."""
    if shared and found:
        names = sorted({name for name, _, _ in found})
        told = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        report.notes.append(f"{len(names)} LUTs are in several splits (shared = true): {told}")
        return
    for name, one, other in found:
        report.tell(
            f"leak: LUT {name} is in {one.split} ({one.id}) and in {other.split} ({other.id})"
        )


def _check_duplicates(rows: Rows, seen: _Seen, report: Report, *, strict: bool) -> None:
    """Pictures that look alike in different splits."""
    for one, two in near_duplicates(seen.pictures):
        first, other = rows[seen.places[one]], rows[seen.places[two]]
        if first.split == other.split:
            continue
        words = (
            f"near-duplicates: {first.scene} in {first.split}, {other.scene} in {other.split}; "
            "[source] near_duplicates = true keeps such pictures together"
        )
        if strict:
            report.tell(words)
        elif len(report.notes) < MOST_PROBLEMS:
            report.notes.append(words)
