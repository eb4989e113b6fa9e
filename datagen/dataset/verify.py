"""Check a built data set against its own manifest, and against somebody else's."""

from __future__ import annotations

import hashlib
import itertools
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import luts
from luts.tool.files import sha256_file
from luts.tool.gate import inside, plain_text
from luts.tool.words import to_table

from ..images.codes import to_float
from ..images.files import ImageError
from ..regions import labels as masks
from ..sources.picture_hash import near_duplicates, picture_hash
from . import consistency
from .card import CARD, CROISSANT
from .leaks import lut_leaks, shares_luts
from .manifest import (
    DATASET,
    MANIFEST,
    ManifestError,
    dataset_hash,
    read_rows,
)
from .pictures import read_picture
from .rows import Head, Lost, Row, Sample
from .summary import ROUNDING, apart, summarise
from .table import Rows, read_table
from .target import Target, open_target
from .workspace import read_dataset

BATCH = 64  # scenes in flight
MOST_PROBLEMS = 10_000
MOST_STRANGERS = 20


@dataclass
class Report:
    """What a verification found. A data set is sound when `problems` is empty."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # worth knowing, not wrong
    samples: int = 0
    files: int = 0
    untold: int = 0  # problems beyond the first MOST_PROBLEMS

    def tell(self, *problems: str) -> None:
        """Add problems, up to as many as anybody reads."""
        room = MOST_PROBLEMS - len(self.problems)
        self.problems += problems[:room]
        self.untold += max(0, len(problems) - room)


@dataclass(frozen=True)
class _SceneReport:
    problems: list[str]
    files: frozenset[str]
    samples: int = 0
    picture: int | None = None  # hash of the picture
    notes: tuple[str, ...] = ()


@dataclass
class _Seen:
    """What is kept of every scene and file: a few bytes, so that a million of them fit."""

    files: array[int] = field(default_factory=lambda: array("Q"))  # hashes of their names
    pictures: array[int] = field(default_factory=lambda: array("Q"))
    places: array[int] = field(default_factory=lambda: array("Q"))  # row of the picture's scene

    def add(self, files: Iterable[str]) -> None:
        self.files.extend(_short_hash(name) for name in files)
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
            report.tell(*_file_problems(folder, name, head.files[name]))
        if not (folder / MANIFEST).is_file():
            raise ManifestError(f"{target}/{MANIFEST}: no such manifest; has this been built?")
        rows = read_table(folder / MANIFEST, lambda error: report.tell(_named(error, folder)))
        _check_rows(target, rows, head, report, strict=strict)
        if against is not None:
            _compare(rows, Path(against), report)
    return report


def _named(error: ManifestError, folder: Path) -> str:
    """An error of the manifest without the folder, which the report is about."""
    return str(error).removeprefix(f"{folder}/")


def _check_rows(target: Target, rows: Rows, head: Head, report: Report, *, strict: bool) -> None:
    """All that the rows say, and all the files they name."""
    luts: set[tuple[str, str]] = set()
    lost: Counter[str] = Counter()
    for row in rows:
        if isinstance(row, Lost):
            lost[row.status] += 1
        else:
            luts.update(item for item in row.sha256.items() if _is_lut(item[0]))
    report.notes += [f"{count} samples were not made: {name}" for name, count in lost.items()]
    _check_hash(rows, head.hash, report)
    _check_groups(rows, report)
    _check_luts(rows, report, shared=shares_luts(head.recipe))
    seen, place, doubtful = _Seen(), 0, 0
    seen.add((DATASET, MANIFEST))
    for found in _lut_reports(target, luts):
        report.tell(*found.problems)
        seen.add(found.files)
    for place, found in _scene_reports(target, rows):
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


def _short_hash(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest())


def _strangers(target: Target, named: np.ndarray) -> list[str]:
    """The first files, by name, that no row names."""
    found: list[str] = []
    for place in ("scenes", "luts"):
        for path in target.walk(place):
            at = int(np.searchsorted(named, code := np.uint64(_short_hash(path))))
            if at == len(named) or named[at] != code:
                found.append(path)
                if len(found) > 1000:
                    found = sorted(found)[:MOST_STRANGERS]
    return sorted(found)[:MOST_STRANGERS]


def _check_hash(rows: Rows, signed: str, report: Report) -> None:
    try:
        found = dataset_hash(rows)
    except ManifestError as error:
        report.tell(str(error))
        return
    if found != signed:
        report.tell(f"{DATASET}: is signed {signed[:16]}, the rows {found[:16]}")


def _check_groups(rows: Rows, report: Report) -> None:
    """No group and no source file may be in two splits."""
    names: tuple[Callable[[Row], str], ...] = (
        lambda row: row.group,
        lambda row: row.source.sha256 if row.source else "",
    )
    codes = np.zeros((len(names), len(rows)), np.uint64)
    for place, row in enumerate(rows):
        for which, name in enumerate(names):
            codes[which, place] = _short_hash(name(row)) if name(row) else 0
    splits = rows.held.splits[rows.chosen]
    for what, name, code in zip(("group", "source file"), names, codes, strict=True):
        for first, other in _divided(code, splits)[:MOST_PROBLEMS]:
            one, two = rows[first], rows[other]
            report.tell(
                f"leak: {what} {name(one)[:16]} is in {one.split} ({one.scene}) "
                f"and in {two.split} ({two.scene})"
            )


def _check_luts(rows: Rows, report: Report, *, shared: bool) -> None:
    """No LUT may be in two splits, unless the recipe says so."""
    found = list(lut_leaks(_made(rows)))
    if shared and found:
        names = sorted({name for name, _, _ in found})
        told = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        report.notes.append(f"{len(names)} LUTs are in several splits (shared = true): {told}")
        return
    for name, one, other in found:
        report.tell(
            f"leak: LUT {name} is in {one.split} ({one.id}) and in {other.split} ({other.id})"
        )


def _divided(codes: np.ndarray, splits: np.ndarray) -> list[tuple[int, int]]:
    """The first two rows, of different splits, of every code but 0 that has such."""
    order = np.argsort(codes, kind="stable")
    sorted_codes, sorted_splits = codes[order], splits[order]
    heads = np.flatnonzero(np.diff(sorted_codes, prepend=~sorted_codes[:1]) != 0)
    head_of = np.repeat(heads, np.diff(heads, append=len(order)))
    other = np.flatnonzero((sorted_splits != sorted_splits[head_of]) & (sorted_codes != 0))
    _, firsts = np.unique(head_of[other], return_index=True)
    return [(int(order[head_of[at]]), int(order[at])) for at in other[firsts]]


def _lut_reports(target: Target, named: set[tuple[str, str]]) -> Iterator[_SceneReport]:
    """Every LUT once, since many samples share it."""
    with target.here({path for path, _ in named}) as folder, ThreadPoolExecutor(4) as pool:
        some = iter(named)
        while batch := list(itertools.islice(some, BATCH)):
            found = pool.map(lambda item: _lut_problems(folder, *item), batch)
            for (path, _), problems in zip(batch, found, strict=True):
                yield _SceneReport(problems, frozenset([path]))


def _scene_reports(target: Target, rows: Rows) -> Iterator[tuple[int, _SceneReport]]:
    """Every scene, with the place of its first row."""
    scenes = itertools.groupby(enumerate(rows), key=lambda entry: entry[1].scene)
    groups = (list(found) for _, found in scenes)
    with ThreadPoolExecutor(max_workers=4) as pool:
        while batch := list(itertools.islice(groups, BATCH)):
            found = pool.map(lambda each: _check_scene(target, _made(r for _, r in each)), batch)
            yield from ((entries[0][0], scene) for entries, scene in zip(batch, found, strict=True))


def _check_scene(target: Target, found: Iterable[Sample]) -> _SceneReport:
    """Files, hashes, decoding, sizes, regions, exposures and alignment of one scene."""
    rows = list(found)
    files = {
        path: digest for row in rows for path, digest in row.sha256.items() if not _is_lut(path)
    }
    with target.here(files) as folder:
        problems = [
            problem
            for path, digest in files.items()
            for problem in _file_problems(folder, path, digest)
        ]
        if not rows or problems:  # what is damaged cannot be judged further
            return _SceneReport(problems, frozenset(files), len(rows))
        inputs: dict[str, np.ndarray] = {}
        for row in rows:
            problems += _pair_problems(folder, row, inputs)
        row = rows[0]
        doubts: list[str] = []
        if not problems:
            problems += consistency.exposure_problems(rows, inputs)
            off, doubts = consistency.alignment_problems(folder, rows)
            problems += off
        notes = _joined(row.notes, doubts, row.scene)
        if problems:
            return _SceneReport(problems, frozenset(files), len(rows), notes=notes)
        reference = read_picture(folder, min(row.references.values()), row.size)
    picture = picture_hash(to_float(reference))
    return _SceneReport(problems, frozenset(files), len(rows), picture, notes)


def _joined(known: Iterable[str], found: Iterable[str], scene: str) -> tuple[str, ...]:
    """What the rows note of a scene, and what was found anew, each but once."""
    by_start = {note.partition(" (")[0]: note for note in (*found, *known)}
    return tuple(f"{scene}: {note}" for note in by_start.values())


def _made(rows: Iterable[Row]) -> Iterator[Sample]:
    return (row for row in rows if isinstance(row, Sample))


def _is_lut(path: str) -> bool:
    return path.startswith("luts/")


def _file_problems(folder: Path, path: str, digest: str) -> list[str]:
    try:
        if sha256_file(inside(folder, path)) != digest:
            return [f"{path}: its SHA-256 is not the one in the manifest"]
    except ValueError as error:
        return [str(error)]
    except OSError as error:
        return [f"{path}: {error.strerror}"]
    return []


def _lut_problems(folder: Path, path: str, digest: str) -> list[str]:
    if problems := _file_problems(folder, path, digest):
        return problems
    try:
        found = luts.table_hash(luts.read_cube(folder / path))
    except luts.LutFormatError as error:
        return [str(error)]
    return [] if found == Path(path).stem else [f"{path}: its table has the hash {found[:16]}"]


def _pair_problems(folder: Path, row: Sample, inputs: dict[str, np.ndarray]) -> list[str]:
    """Decode a sample and compare it with what its row says; leaves its thinned input."""
    try:
        codes = read_picture(folder, row.input, row.size)
        inputs[row.id] = consistency.thin(codes)
        regions = read_picture(folder, row.regions, row.size)
        coverage = masks.coverage(regions)
    except (ImageError, ValueError) as error:
        return [f"{row.id}: {error}"]
    problems = []
    depth = codes.dtype.itemsize * 8
    if depth != row.bits:
        problems.append(f"{row.id}: has {depth} bits, not {row.bits}")
    for path, picture in ((row.input, codes), (row.regions, regions)):
        if path in row.pictures and row.pictures[path] != summarise(picture):
            problems.append(f"{path}: the sums of its codes are not those in its row")
    told = to_table(row.coverage)
    if any(abs(coverage[name] - told[name]) > 1e-9 for name in coverage):
        problems.append(f"{row.id}: its regions cover {coverage}, not {told}")
    return problems


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


def _compare(rows: Rows, against: Path, report: Report) -> None:
    """Same ids, same pixels as another manifest; both are sorted by id.

    One of three answers: the same bytes, the same to rounding, other pixels.
    """
    samples, others, furthest = 0, 0, 0.0
    rounded: set[int] = set()  # the pictures that differ by no more
    for name, ours, theirs in _side_by_side(_made(rows), _made(read_rows(against))):
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
            rounded.update(map(_short_hash, changed))
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
        if _is_lut(path):
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
