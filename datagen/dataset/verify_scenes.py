"""Check the files that rows name: hashes, pictures, sums, region maps, LUTs."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import luts
from luts.tool.files import sha256_file
from luts.tool.gate import inside
from luts.tool.strict import to_table

from ..images.codes import to_float
from ..images.files import ImageError
from ..regions import labels as masks
from ..sources.picture_hash import picture_hash
from . import consistency
from .findings import is_lut, made
from .pictures import read_picture
from .rows import Sample
from .summary import summarise
from .table import Rows
from .target import Target

BATCH = 64  # scenes in flight


@dataclass(frozen=True)
class SceneReport:
    """What was found of a scene, or of one LUT."""

    problems: list[str]
    files: frozenset[str]
    samples: int = 0
    picture: int | None = None  # hash of the picture
    notes: tuple[str, ...] = ()


def lut_reports(target: Target, named: set[tuple[str, str]]) -> Iterator[SceneReport]:
    """Every LUT once, since many samples share it."""
    with target.here({path for path, _ in named}) as folder, ThreadPoolExecutor(4) as pool:
        some = iter(named)
        while batch := list(itertools.islice(some, BATCH)):
            found = pool.map(lambda item: _lut_problems(folder, *item), batch)
            for (path, _), problems in zip(batch, found, strict=True):
                yield SceneReport(problems, frozenset([path]))


def scene_reports(target: Target, rows: Rows) -> Iterator[tuple[int, SceneReport]]:
    """Every scene, with the place of its first row."""
    scenes = itertools.groupby(enumerate(rows), key=lambda entry: entry[1].scene)
    groups = (list(found) for _, found in scenes)
    with ThreadPoolExecutor(max_workers=4) as pool:
        while batch := list(itertools.islice(groups, BATCH)):
            found = pool.map(lambda each: _check_scene(target, made(r for _, r in each)), batch)
            yield from ((entries[0][0], scene) for entries, scene in zip(batch, found, strict=True))


def _check_scene(target: Target, found: Iterable[Sample]) -> SceneReport:
    """Files, hashes, decoding, sizes, regions, exposures and alignment of one scene."""
    rows = list(found)
    files = {
        path: digest for row in rows for path, digest in row.sha256.items() if not is_lut(path)
    }
    with target.here(files) as folder:
        problems = [
            problem
            for path, digest in files.items()
            for problem in file_problems(folder, path, digest)
        ]
        if not rows or problems:  # what is damaged cannot be judged further
            return SceneReport(problems, frozenset(files), len(rows))
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
            return SceneReport(problems, frozenset(files), len(rows), notes=notes)
        reference = read_picture(folder, min(row.references.values()), row.size)
    picture = picture_hash(to_float(reference))
    return SceneReport(problems, frozenset(files), len(rows), picture, notes)


def _joined(known: Iterable[str], found: Iterable[str], scene: str) -> tuple[str, ...]:
    """What the rows note of a scene, and what was found anew, each but once."""
    by_start = {note.partition(" (")[0]: note for note in (*found, *known)}
    return tuple(f"{scene}: {note}" for note in by_start.values())


def file_problems(folder: Path, path: str, digest: str) -> list[str]:
    """Why a file is not the one the manifest names; empty when it is."""
    try:
        if sha256_file(inside(folder, path)) != digest:
            return [f"{path}: its SHA-256 is not the one in the manifest"]
    except ValueError as error:
        return [str(error)]
    except OSError as error:
        return [f"{path}: {error.strerror}"]
    return []


def _lut_problems(folder: Path, path: str, digest: str) -> list[str]:
    if problems := file_problems(folder, path, digest):
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
