"""Two runs on the same data set: what got better, what got worse, and whether that is noise.

A gate must say what it could not see: methods that are gone, that fail where they did not, or that
have fewer pairs are regressions of their own, and where the data could show no loss at all, because
there are too few scenes for so many tests, that is said.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..harness.rows import RunError
from ..methods import MethodError, lookup
from ..metrics import METRICS
from .names import Column
from .results import load_results
from .stats import holm, paired_test, permutations_for, scene_interval, smallest_p
from .summary import scores, usual_columns

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.05
# Relative: what another processor may move a mean by, ten times what was measured; it is no loss,
# however regularly it happens (docs/reproducibility.md).
MACHINES = 1e-4


@dataclass(frozen=True)
class Change:
    """One method and metric in both runs; `difference` is the second mean minus the first.

    `p_value` is NaN for rows that are identical: there is nothing to test.
    """

    method: str
    metric: str
    region: str
    before: float
    after: float
    pairs: int
    p_value: float

    @property
    def difference(self) -> float:
        """How much the value rose."""
        return self.after - self.before

    @property
    def regressed(self) -> bool:
        """Worse, by more than machines differ and chance explains (Holm over all rows compared)."""
        if math.isclose(self.before, self.after, rel_tol=MACHINES, abs_tol=MACHINES / 10):
            return False
        metric = METRICS[self.metric]
        if metric.signed:
            worse = abs(self.after) > abs(self.before)
        else:
            worse = self.difference < 0 if metric.higher_is_better else self.difference > 0
        return worse and self.p_value < LEVEL


@dataclass(frozen=True)
class Comparison:
    """Changes that could be measured, and losses that are none of numbers: one line each.

    power : what the data could not show, "" where it could
    """

    changes: list[Change]
    losses: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    power: str = ""

    @property
    def regressed(self) -> bool:
        """Whether anything got worse, in numbers or by being gone."""
        return bool(self.losses) or any(change.regressed for change in self.changes)


def compare(before: Path, after: Path, columns: Iterable[Column] | None = None) -> Comparison:
    """Compare every method of the first run with the second, on the pairs both have values for.

    columns : (metric, region); None for those that the first run's report has

    Raises
    ------
    RunError when the runs are of different data sets, or share no method.
    """
    (one, first), (two, second) = (load_results([run]) for run in (before, after))
    if one.dataset.hash != two.dataset.hash:
        names = " and ".join(f"{i.dataset.name} ({i.dataset.hash[:12]})" for i in (one, two))
        raise RunError(f"{before} and {after} are runs of different data sets: {names}")
    scored = list(dict.fromkeys(first["method"]))
    present = set(second["method"])
    shared = [name for name in scored if name in present]
    if not shared:
        raise RunError(f"{before} and {after} have no method in common")
    found, empty = [], defaultdict[str, list[str]](list)
    for column in usual_columns(first) if columns is None else columns:
        tables = scores(first, column), scores(second, column)
        for name in (name for name in shared if name in tables[0]):
            values = [t[name].dropna() if name in t else t.sum(axis=1)[:0] for t in tables]
            change = _change(name, column, *values)
            found += [change] if change else []
            if len(values[0].index.difference(values[1].index)):
                empty[name].append(" ".join(column))
    losses = [f"{name}: gone" for name in scored if name not in present and _competes(name)]
    losses += [
        line for name in shared if (line := _fewer(name, first, second) or _unmeasured(name, empty))
    ]
    new = [name for name in dict.fromkeys(second["method"]) if name not in set(scored)]
    return _tested(found, losses, new, first, second)


def versus(
    run: Path | Sequence[Path], one: str, two: str, columns: Iterable[Column] | None = None
) -> tuple[list[Change], dict[Column, tuple[float, float]]]:
    """Test two methods of a run against each other on the pairs both have values for.

    Returns
    -------
    (changes from the first to the second with Holm's p values, 95 % interval of each difference)
    """
    _, rows = load_results([run] if isinstance(run, Path) else list(run))
    if one == two:
        raise MethodError(f"give two methods, got {one!r} twice")
    for name in (one, two):
        if name not in set(rows["method"]):
            known = ", ".join(dict.fromkeys(rows["method"]))
            raise MethodError(f"{name!r} was not scored; there are {known}")
    found, intervals = [], {}
    for column in usual_columns(rows) if columns is None else columns:
        table = scores(rows, column)
        if one not in table or two not in table:
            continue
        pair = table[[one, two]].dropna()
        if pair.empty:
            continue
        groups = list(pair.index.get_level_values("group"))
        change = _change(f"{one} -> {two}", column, pair[one], pair[two])
        if change:
            found.append(change)
            intervals[column] = scene_interval((pair[two] - pair[one]).to_numpy(), groups)
    return _holm(found, lambda c: _p(c, rows, rows, (one, two), len(found))), intervals


def _tested(
    found: list[Change],
    losses: list[str],
    new: list[str],
    first: pd.DataFrame,
    second: pd.DataFrame,
) -> Comparison:
    """Test the changes that are any, with as many permutations as so many tests need."""
    tests = sum(not math.isnan(change.p_value) for change in found)
    changes = _holm(found, lambda c: _p(c, first, second, (c.method, c.method), tests))
    scenes = first["group"].nunique()
    least = tests * smallest_p(scenes, permutations_for(tests))
    power = ""
    if tests and least >= LEVEL:
        power = (
            f"{scenes} scenes and {tests} rows that differ: not even a loss in every scene could "
            f"be told from chance (p is {min(least, 1):.2g} at best); compare more scenes or fewer "
            "columns"
        )
    return Comparison(changes, losses, new, power)


def _holm(found: list[Change], p_of: object) -> list[Change]:
    tested = [change for change in found if not math.isnan(change.p_value)]
    values = holm([p_of(change) for change in tested])  # type: ignore[operator]
    adjusted = {id(c): float(p) for c, p in zip(tested, values, strict=True)}
    return [replace(change, p_value=adjusted.get(id(change), math.nan)) for change in found]


def _p(
    change: Change, first: pd.DataFrame, second: pd.DataFrame, names: tuple[str, str], tests: int
) -> float:
    column = (change.metric, change.region)
    one, two = scores(first, column)[names[0]].dropna(), scores(second, column)[names[1]].dropna()
    one, two = one.align(two, join="inner")
    groups = list(one.index.get_level_values("group"))
    count = permutations_for(tests)
    return paired_test(two.to_numpy(), one.to_numpy(), groups, permutations=count)


def _change(name: str, column: Column, one: pd.Series, two: pd.Series) -> Change | None:
    """A change before it is tested: p is 1, or NaN where nothing differs."""
    one, two = one.align(two, join="inner")
    if one.empty:
        return None
    p_value = math.nan if (one == two).all() else 1.0
    return Change(name, *column, float(one.mean()), float(two.mean()), len(one), p_value)


def _fewer(name: str, first: pd.DataFrame, second: pd.DataFrame) -> str:
    """Say that a method has fewer pairs that worked than before, and why; "" when it has not."""
    before, after = (
        rows[rows["method"] == name].drop_duplicates(["sample", "expert"])
        .set_index(["sample", "expert"])["status"]
        for rows in (first, second)
    )  # fmt: skip
    worked, works = (one[one == "ok"].index for one in (before, after))
    still = worked.intersection(works)
    if len(still) == len(worked):
        return ""
    failed = after[after.index.isin(worked) & (after != "ok")]
    why = f": {len(failed)} failed, {failed.iloc[0]}" if len(failed) else ""
    return f"{name}: {len(still)} pairs instead of {len(worked)}{why}"


def _unmeasured(name: str, empty: Mapping[str, Sequence[str]]) -> str:
    """Say which numbers a method has fewer of than before although nothing failed."""
    return f"{name}: fewer numbers than before of {', '.join(empty[name])}" if name in empty else ""


def _competes(name: str) -> bool:
    return lookup(name).kind != "check"
