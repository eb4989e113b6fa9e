"""Recompute some stored rows and see whether the same numbers come out."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datagen.dataset.read import DataSet, load_pair, open_dataset
from datagen.dataset.rows import Sample

from ..methods import Method
from ..metrics import Target, score_target
from .long_table import Texts, newest
from .predict import predictor
from .predictions import rounded_as_kept
from .rows import Evaluation, RunError
from .run_info import load_run, tries

# Relative. What another machine or thread count moves a single row by: 2e-4 for iterative solvers,
# 1e-6 for the rest (docs/reproducibility.md).
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Mismatch:
    """A stored value that does not come out again."""

    method: str
    sample: str
    metric: str
    stored: float
    recomputed: float


def verify(
    run: Path, *, count: int = 20, seed: int = 0, outside: Mapping[str, Method] | None = None
) -> tuple[int, list[Mismatch]]:
    """Recompute a seeded choice of evaluations.

    Parameters
    ----------
    run : results folder; its data set must still be where it was
    count : how many evaluations
    seed : of the choice
    outside : methods from outside by name, whose code may be run again; others are left out

    Returns
    -------
    (evaluations checked, values that differ)

    Raises RunError when the run is empty or its data set has moved or changed.
    """
    info = load_run(run)
    known = outside or {}
    gone = {
        name
        for name, made in info.methods.items()
        if name not in known and made.kind != "external" and not made.row(name).target
    }
    tried, ok = (Texts(), Texts(), Texts()), array("B")
    for row in tries(run, info):
        for column, text in zip(tried, row.pair, strict=True):
            column.append(text)
        ok.append(row.ok)
    places = newest(tried, ok)
    known_methods = np.array([name not in gone for name in tried[0].known], bool)
    good = np.array(ok, bool)[places] & known_methods[np.array(tried[0].codes)[places]]
    places = places[good]
    if not len(places):
        raise RunError(f"{run}: no finished rows to verify")
    if not Path(info.dataset.folder).is_dir():
        raise RunError(
            f"{run}: its data set is not at {info.dataset.folder}; call this from where it ran"
        )
    dataset = open_dataset(Path(info.dataset.folder))
    if dataset.hash != info.dataset.hash:
        raise RunError(f"{dataset.folder}: not the data set these rows were made from any more")
    chosen = np.sort(places[np.random.default_rng(seed).permutation(len(places))[:count]])
    found: list[Mismatch] = []
    for row in _those(tries(run, info), chosen):
        made = info.methods[row.method]
        pair = load_pair(dataset, _sample(dataset, row), row.expert)
        target = Target(pair.reference, pair.degraded, pair.regions)
        estimate = predictor(row.method, known.get(row.method) or made.row(row.method))(
            pair, target.ideal.encoded
        )
        if made.kept:
            estimate = rounded_as_kept(estimate)
        values = score_target(estimate, target, names=made.metrics)
        found += _compare(row, values)
    return len(chosen), found


def _those(rows: Iterable[Evaluation], places: np.ndarray) -> Iterator[Evaluation]:
    wanted = set(places.tolist())
    return (row for place, row in enumerate(rows) if place in wanted)


def _sample(dataset: DataSet, row: Evaluation) -> Sample:
    try:
        found = dataset.row(row.sample)
    except KeyError:
        found = None
    if not isinstance(found, Sample):
        raise RunError(f"{row.sample} is no sample of {dataset.folder}")
    return found


def _compare(row: Evaluation, values: dict[str, float]) -> Iterator[Mismatch]:
    for metric, stored in row.values.items():
        now = values.get(metric, math.nan)
        same = math.isclose(now, stored, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        if not (same or (math.isnan(now) and math.isnan(stored))):
            yield Mismatch(row.method, row.sample, metric, stored, now)
