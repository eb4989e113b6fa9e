"""The best row of every kind, and tests of each against the others."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import TYPE_CHECKING, Any

from benchmarks.methods import lookup
from benchmarks.report.families import ALL, OWN, family_of

if TYPE_CHECKING:
    import pandas as pd

    from benchmarks.report.formats import Table


REGIONAL = (("psnr", "A"), ("delta_e_2000", "A"))  # what is tested and compared by reference
ORACLE = "oracle_gain"
TESTED = ["stratum", "metric", "region", "one", "two", "difference", "low", "high", "p"]


def champions(table: Table, column: tuple[str, str]) -> dict[str, str]:
    """The best row of every kind in a column: rule, trained, own; the oracle where it was scored.

    A row that failed on some pairs is none.
    """
    from benchmarks.metrics import METRICS

    sign = -1 if METRICS[column[0]].higher_is_better else 1
    most = max(cells[column].valid for cells in table.values())
    ranked = sorted(
        (name for name, cells in table.items() if cells[column].valid == most),
        key=lambda name: sign * table[name][column].mean,
    )
    kinds = {"classical": "rule", OWN: "own"} | {
        family: "trained" for family in ALL if family not in ("classical", OWN)
    }
    found: dict[str, str] = {}
    for name in ranked:
        if (kind := kinds.get(family_of(name), "")) and (kind != "trained" or lookup(name).trained):
            found.setdefault(kind, name)
    return found | ({ORACLE: ORACLE} if ORACLE in table else {})


def duels(
    rows: pd.DataFrame,
    tables: dict[tuple[str, str], Table],
    reference: str,
    strata: dict[str, Callable[[pd.DataFrame], pd.Series]],
) -> list[list[Any]]:
    """Test the best of every kind against each other, stratum by stratum; p by Holm over all."""
    from benchmarks.report.stats import holm, paired_test, permutations_for, scene_interval
    from benchmarks.report.summary import scores as wide

    asked = []
    for stratum, column in product(strata, REGIONAL):
        if table := tables.get((reference, stratum)):
            best = champions(table, column)
            duels = [("trained", "rule"), ("own", "rule"), ("own", "trained"), ("own", ORACLE)]
            names = [(best.get(one, ""), best.get(two, "")) for one, two in duels]
            asked += [(stratum, column, *pair) for pair in names if all(pair)]
    lines, values = [], []
    for stratum, column, one, two in asked:
        pair = wide(rows[strata[stratum](rows)], column)[[one, two]].dropna()
        scenes = pair.index.get_level_values("group").tolist()
        difference = (pair[one] - pair[two]).to_numpy()
        values.append(
            paired_test(pair[one], pair[two], scenes, permutations=permutations_for(len(asked)))
        )
        lines.append(
            [stratum, *column, one, two, difference.mean(), *scene_interval(difference, scenes)]
        )
    return [[*line, float(p)] for line, p in zip(lines, holm(values), strict=True)]
