"""Check a built data set against its own manifest, and against somebody else's."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
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
    bounded_lines,
    dataset_hash,
    parse_row,
    read_rows,
)
from .pictures import read_picture
from .rows import Lost, Row, Sample
from .target import Target, open_target
from .workspace import read_dataset

BATCH = 64  # scenes in flight


@dataclass
class Report:
    """What a verification found. A data set is sound when `problems` is empty."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # worth knowing, not wrong
    samples: int = 0
    files: int = 0


@dataclass(frozen=True)
class _SceneReport:
    problems: list[str]
    files: frozenset[str]
    samples: int
    picture: tuple[str, str, int] | None  # scene, split, picture hash


def verify(
    place: Target | Path | str, *, against: Path | None = None, strict: bool = False
) -> Report:
    """Verify every file and claim of a data set.

    Parameters
    ----------
    place : its folder, or its URL
    against : another manifest.jsonl that must name the same pixels; its pictures are not needed
    strict : near-duplicate pictures in different splits are problems, not notes

    Raises
    ------
    ManifestError
        `place` holds no data set, or `against` is no manifest.
    """
    target, report = open_target(place), Report()
    head = read_dataset(target)
    if not head.complete:
        report.problems.append(f"{DATASET}: the build has not finished")
    with target.here([MANIFEST, CARD, CROISSANT]) as folder:
        for name in (MANIFEST, CARD, CROISSANT):
            if name not in head.files:  # a set of an earlier version
                continue
            report.problems += _file_problems(folder, name, head.files[name])
        rows = list(_good_rows(folder / MANIFEST, report))
    _check_hash(rows, head.hash, report)
    _check_groups(rows, report)
    _check_luts(rows, report, shared=shares_luts(head.recipe))
    pictures, files = [], {DATASET, MANIFEST}
    for scene in itertools.chain(_lut_reports(target, rows), _scene_reports(target, rows)):
        report.problems += scene.problems
        report.samples += scene.samples
        files |= scene.files
        if scene.picture:
            pictures.append(scene.picture)
    _check_duplicates(pictures, report, strict=strict)
    report.files = len(files)
    strangers = sorted((target.files("scenes") | target.files("luts")) - files)
    report.notes += [f"{plain_text(path)}: is not in the manifest" for path in strangers[:20]]
    if against is not None:
        _compare(rows, Path(against), report)
    return report


def _good_rows(path: Path, report: Report) -> Iterator[Row]:
    """The rows that can be read; the others become problems."""
    if not path.is_file():
        raise ManifestError(f"{path}: no such manifest; has this data set been built?")
    lost: dict[str, int] = {}
    with path.open("rb") as stream:
        for number, (_, line) in enumerate(bounded_lines(stream), start=1):
            try:
                row = parse_row(line, f"{MANIFEST}:{number}")
            except ManifestError as error:
                report.problems.append(str(error))
                continue
            if isinstance(row, Lost):
                lost[row.status] = lost.get(row.status, 0) + 1
            yield row
    report.notes += [f"{count} samples were not made: {name}" for name, count in lost.items()]


def _check_hash(rows: Sequence[Row], signed: str, report: Report) -> None:
    try:
        found = dataset_hash(rows)
    except ManifestError as error:
        report.problems.append(str(error))
        return
    if found != signed:
        report.problems.append(f"{DATASET}: is signed {signed[:16]}, the rows {found[:16]}")


def _check_groups(rows: Sequence[Row], report: Report) -> None:
    """No group and no source file may be in two splits."""
    for what, key in (
        ("group", lambda row: row.group),
        ("source file", lambda row: row.source.sha256 if row.source else ""),
    ):
        first: dict[str, Row] = {}
        told = set()
        for row in rows:
            name = key(row)
            other = first.setdefault(name, row) if name else row
            if other.split != row.split and name not in told:
                told.add(name)
                report.problems.append(
                    f"leak: {what} {name[:16]} is in {other.split} ({other.scene}) "
                    f"and in {row.split} ({row.scene})"
                )


def _check_luts(rows: Sequence[Row], report: Report, *, shared: bool) -> None:
    """No LUT may be in two splits, unless the recipe says so."""
    found = list(lut_leaks(_made(rows)))
    if shared and found:
        names = sorted({name for name, _, _ in found})
        told = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        report.notes.append(f"{len(names)} LUTs are in several splits (shared = true): {told}")
        return
    report.problems += [
        f"leak: LUT {name} is in {one.split} ({one.id}) and in {other.split} ({other.id})"
        for name, one, other in found
    ]


def _lut_reports(target: Target, rows: Sequence[Row]) -> Iterator[_SceneReport]:
    """Every LUT once, since many samples share it."""
    named = {item for row in _made(rows) for item in row.sha256.items() if _is_lut(item[0])}
    with target.here({path for path, _ in named}) as folder, ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda item: _lut_problems(folder, *item), named)
        for (path, _), problems in zip(named, found, strict=True):
            yield _SceneReport(problems, frozenset([path]), 0, None)


def _scene_reports(target: Target, rows: Sequence[Row]) -> Iterator[_SceneReport]:
    scenes = itertools.groupby(rows, key=lambda row: row.scene)
    groups = (list(_made(found)) for _, found in scenes)
    with ThreadPoolExecutor(max_workers=4) as pool:
        while batch := list(itertools.islice(groups, BATCH)):
            yield from pool.map(lambda found: _check_scene(target, found), batch)


def _check_scene(target: Target, rows: list[Sample]) -> _SceneReport:
    """Files, hashes, decoding, sizes, regions, exposures and alignment of one scene."""
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
            return _SceneReport(problems, frozenset(files), len(rows), None)
        inputs: dict[str, np.ndarray] = {}
        for row in rows:
            problems += _pair_problems(folder, row, inputs)
        if not problems:
            problems += consistency.exposure_problems(rows, inputs)
            problems += consistency.alignment_problems(folder, rows)
        row = rows[0]
        if problems:
            return _SceneReport(problems, frozenset(files), len(rows), None)
        reference = read_picture(folder, min(row.references.values()), row.size)
    picture = (row.scene, row.split, picture_hash(to_float(reference)))
    return _SceneReport(problems, frozenset(files), len(rows), picture)


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
    told = to_table(row.coverage)
    if any(abs(coverage[name] - told[name]) > 1e-9 for name in coverage):
        problems.append(f"{row.id}: its regions cover {coverage}, not {told}")
    return problems


def _check_duplicates(
    pictures: Sequence[tuple[str, str, int]], report: Report, *, strict: bool
) -> None:
    """Pictures that look alike in different splits."""
    found = report.problems if strict else report.notes
    for one, two in near_duplicates([picture[2] for picture in pictures]):
        scene, split, _ = pictures[one]
        other_scene, other_split, _ = pictures[two]
        if split != other_split:
            found.append(
                f"near-duplicates: {scene} in {split}, {other_scene} in {other_split}; "
                "[source] near_duplicates = true keeps such pictures together"
            )


def _compare(rows: Sequence[Row], against: Path, report: Report) -> None:
    """Same ids, same pixels as another manifest."""
    ours = {row.id: row.sha256 for row in _made(rows)}
    theirs = {row.id: row.sha256 for row in _made(read_rows(against))}
    differences = [
        *(f"{name}: only here" for name in sorted(ours.keys() - theirs.keys())),
        *(f"{name}: only in {against}" for name in sorted(theirs.keys() - ours.keys())),
        *(
            f"{name}: other pixels than in {against}"
            for name in sorted(ours.keys() & theirs.keys())
            if ours[name] != theirs[name]
        ),
    ]
    report.problems += differences
    if not differences:
        report.notes.append(f"the same pixels as {against}: {len(ours)} samples")
