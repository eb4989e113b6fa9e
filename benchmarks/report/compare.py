"""Two runs on the same data set: what got better, what got worse, and whether that is noise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..harness.rows import RunError, load_rows, load_run
from ..metrics import METRICS
from .stats import holm, paired_test
from .summary import COLUMNS, Column, scores

LEVEL = 0.05


@dataclass(frozen=True)
class Change:
    """One method and metric in both runs; `difference` is the second mean minus the first."""

    method: str
    metric: str
    region: str
    before: float
    after: float
    pairs: int
    p_value: float

    @property
    def difference(self) -> float:
        return self.after - self.before

    @property
    def regressed(self) -> bool:
        """Worse, and by more than chance explains (Holm over all rows compared)."""
        worse = (
            self.difference < 0 if METRICS[self.metric].higher_is_better else self.difference > 0
        )
        return worse and self.p_value < LEVEL


def compare(before: Path, after: Path, columns: Iterable[Column] = COLUMNS) -> list[Change]:
    """Compare every method that both runs scored, on the pairs that both have values for.

    Raises
    ------
    RunError when the runs are of different data sets, or share no method.
    """
    about = [load_run(run)["dataset"] for run in (before, after)]
    if about[0]["hash"] != about[1]["hash"]:
        names = " and ".join(f"{run['name']} ({run['hash'][:12]})" for run in about)
        raise RunError(f"{before} and {after} are runs of different data sets: {names}")
    tables = [load_rows(run) for run in (before, after)]
    shared = [
        name for name in dict.fromkeys(tables[0]["method"]) if name in set(tables[1]["method"])
    ]
    if not shared:
        raise RunError(f"{before} and {after} have no method in common")
    found = []
    for column in columns:
        one, two = (scores(table, column) for table in tables)
        for name in shared:
            if name in one and name in two:
                change = _change(name, column, one[name].dropna(), two[name].dropna())
                found += [change] if change else []
    adjusted = holm([change.p_value for change in found])
    return [
        Change(**(vars(c) | {"p_value": float(p)})) for c, p in zip(found, adjusted, strict=True)
    ]


def _change(name: str, column: Column, one, two) -> Change | None:
    one, two = one.align(two, join="inner")
    if one.empty:
        return None
    scenes = list(one.index.get_level_values("scene"))
    p_value = paired_test(two.to_numpy(), one.to_numpy(), scenes)
    return Change(name, *column, float(one.mean()), float(two.mean()), len(one), p_value)
