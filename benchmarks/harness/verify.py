"""Recompute some stored rows and see whether the same numbers come out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from datagen.dataset.read import load_pair, open_dataset

from ..methods import lookup
from ..metrics import Target, score_target
from .predict import predictor, weights_of
from .predictions import rounded_as_kept
from .rows import RunError, load_run, read_records

TOLERANCE = 1e-3  # relative; another thread count moves iterative solvers by more than rounding


@dataclass(frozen=True)
class Mismatch:
    """A stored value that does not come out again."""

    method: str
    sample: str
    metric: str
    stored: float
    recomputed: float


def verify(run: Path, *, count: int = 20, seed: int = 0) -> tuple[int, list[Mismatch]]:
    """Recompute a seeded choice of evaluations.

    Parameters
    ----------
    run : results folder; its data set must still be where it was
    count : how many evaluations
    seed : of the choice

    Returns
    -------
    (evaluations checked, values that differ)

    Raises RunError when the run is empty or its data set has moved or changed.
    """
    about = load_run(run)
    current = set(about["keys"])
    records = [r for r in read_records(run) if r["key"] in current and r["status"] == "ok"]
    if not records:
        raise RunError(f"{run}: no finished rows to verify")
    dataset = open_dataset(Path(about["dataset"]["folder"]))
    if dataset.hash != about["dataset"]["hash"]:
        raise RunError(f"{dataset.folder}: not the data set these rows were made from any more")
    chosen = np.random.default_rng(seed).permutation(len(records))[:count]
    rows = {row.id: row for row in dataset.rows}
    weights = weights_of(about)
    found: list[Mismatch] = []
    for record in (records[i] for i in sorted(chosen)):
        settings = about["methods"][record["method"]]["settings"]
        method = replace(lookup(record["method"]), settings=settings)
        pair = load_pair(dataset, rows[record["sample"]], record["expert"])
        target = Target(pair.reference, pair.degraded, pair.regions)
        estimate = predictor(record["method"], method, weights=weights)(pair, target.ideal.encoded)
        if about["keep_predictions"]:
            estimate = rounded_as_kept(estimate)
        values = score_target(estimate, target, names=about["metrics"])
        found += _compare(record, values)
    return len(chosen), found


def _compare(record: dict, values: dict[str, float]) -> Iterator[Mismatch]:
    for metric, stored in record["values"].items():
        now = values.get(metric, math.nan)
        same = math.isclose(now, stored, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        if not (same or (math.isnan(now) and math.isnan(stored))):
            yield Mismatch(record["method"], record["sample"], metric, stored, now)
