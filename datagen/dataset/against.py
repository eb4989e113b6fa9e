"""Compare two manifests: the same bytes, the same to rounding, or other pixels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .findings import Report, is_lut, made, short_hash
from .manifest import (
    ManifestError,
    read_rows,
)
from .rows import Sample
from .summary import ROUNDING, apart
from .table import Rows


def compare(rows: Rows, against: Path, report: Report) -> None:
    """Same ids, same pixels as another manifest; both are sorted by id.

    One of three answers: the same bytes, the same to rounding, other pixels.
    """
    samples, others, furthest = 0, 0, 0.0
    rounded: set[int] = set()  # the pictures that differ by no more
    for name, ours, theirs in _side_by_side(made(rows), made(read_rows(against))):
        samples += 1
        if ours is None or theirs is None:
            report.tell(f"{name}: only {'in ' + str(against) if ours is None else 'here'}")
            others += 1
            continue
        changed = _changed_pictures(ours, theirs)
        if max(changed.values(), default=0.0) > ROUNDING:
            report.tell(f"{name}: other pixels than in {against}{_by_how_much(changed)}")
            others += 1
        else:
            rounded.update(map(short_hash, changed))
            furthest = max(furthest, max(changed.values(), default=0.0))
    if rounded:
        rest = "the rest is the same" if others else "the same"
        report.tell(
            f"{rest} to rounding as {against}: {len(rounded)} files of {samples} samples differ, "
            f"by at most {furthest:.4f} of a code in the mean of any sixteenth"
        )
    elif not others:
        report.notes.append(f"the same bytes as {against}: {samples} samples")


def _changed_pictures(ours: Sample, theirs: Sample) -> dict[str, float]:
    """The files of a sample that have other hashes, and by how many codes they differ at most.

    A LUT's file counts as 0 when it differs: what it does to the pictures is in the pictures.
    """
    changed = {}
    for path in ours.sha256.keys() | theirs.sha256.keys():
        if ours.sha256.get(path) == theirs.sha256.get(path):
            continue
        if is_lut(path):
            changed[path] = 0.0
            continue
        here, there = ours.pictures.get(path), theirs.pictures.get(path)
        changed[path] = np.inf
        if here is not None and there is not None and ours.size == theirs.size:
            changed[path] = apart(here, there, ours.width * ours.height)
    return changed


def _by_how_much(changed: dict[str, float]) -> str:
    most = max(changed.values())
    return f" (up to {most:.2f} codes in the mean of a sixteenth)" if np.isfinite(most) else ""


def _side_by_side(
    ours: Iterator[Sample], theirs: Iterator[Sample]
) -> Iterator[tuple[str, Sample | None, Sample | None]]:
    """Merge two manifests by id; ManifestError when one is not sorted."""
    ours, theirs = _in_order(ours), _in_order(theirs)
    one, two = next(ours, None), next(theirs, None)
    while one or two:
        name = min(row.id for row in (one, two) if row)
        here, there = one and one.id == name, two and two.id == name
        yield name, one if here else None, two if there else None
        one = next(ours, None) if here else one
        two = next(theirs, None) if there else two


def _in_order(rows: Iterator[Sample]) -> Iterator[Sample]:
    previous = ""
    for row in rows:
        if row.id <= previous:
            raise ManifestError(f"{row.id}: the manifest is not sorted by id, or lists it twice")
        previous = row.id
        yield row
