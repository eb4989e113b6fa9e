"""Rows to cells: the mean of a metric over the evaluations of a stratum, per method."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

import pandas as pd

from ..methods import METHODS, lookup
from ..methods.method import Method
from ..metrics import METRICS
from .names import PSNR_CAP_DB, Column
from .stats import Summary, summarise, tie_groups

# Checks and oracles see the answer, so they are never ranked.
COMPETING = ("classical", "model", "external")
CEILINGS = ("oracle", "stored")

ROWS_AT_ONCE = 100_000  # of the long table, for what would need a copy of it

COLUMNS: tuple[Column, ...] = (
    ("psnr", "A"),
    ("ssim", "A"),
    ("delta_e_2000", "A"),
    ("ev_rmse", "B"),
    ("psnr", "C"),
    ("delta_e_2000", "C"),
    ("psnr", "all"),
)

# The order of the tables: what a row may do, then how it came about.
GROUPS: dict[str, Callable[[Method, bool], bool]] = {
    "checks": lambda method, local: method.kind == "check",
    "global, classical": lambda method, local: method.kind == "classical" and not local,
    "global, models": lambda method, local: method.kind == "model" and not local,
    "local": lambda method, local: method.kind in ("classical", "model"),
    "made elsewhere": lambda method, local: method.kind == "external",
    "ceilings": lambda method, local: method.kind in CEILINGS,
}


@dataclass(frozen=True)
class Cell(Summary):
    """A mean with its 95 % interval over scenes, and how many evaluations stand behind it.

    The percentiles are of the evaluations: half and nine in ten of them lie there, not the mean.
    `tie` numbers the groups that the data cannot tell apart, 1 the best; 0 does not compete.
    """

    tie: int


def tabulate(rows: pd.DataFrame, columns: Iterable[Column]) -> dict[str, dict[Column, Cell]]:
    """Summarise the long table, or one stratum of it, into method -> column -> cell.

    Parameters
    ----------
    rows : the long table of `benchmarks.harness.long_table.load_rows`, or a part of it
    columns : (metric, region) pairs

    Returns
    -------
    Methods group by group, ceilings last. A method that failed everywhere keeps its row,
    with NaN.
    """
    ordered = ordered_methods(rows)
    asked = pd.MultiIndex.from_frame(rows[["group", "sample", "expert"]].drop_duplicates())
    table: dict[str, dict[Column, Cell]] = {name: {} for name in ordered}
    for column in columns:
        wide = scores(rows, column).reindex(index=asked, columns=ordered)
        scenes = wide.index.get_level_values("group").to_numpy()
        ties = _ties(wide, column[0])
        for name in ordered:
            facts = asdict(summarise(wide[name].to_numpy(), scenes))
            table[name][column] = Cell(**facts, tie=ties.get(name, 0))
    return table


def measured(rows: pd.DataFrame) -> set[Column]:
    """Every metric and region that there is a value of."""
    found: set[Column] = set()
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = rows[["metric", "region"]].iloc[start : start + ROWS_AT_ONCE].drop_duplicates()
        found.update(zip(part["metric"], part["region"], strict=True))
    return {column for column in found if column[0]}


def usual_columns(rows: pd.DataFrame) -> list[Column]:
    """The usual columns that were measured; where some were not, what was measured besides."""
    asked_for = measured(rows)
    # A set without a region has no column of it.
    computed = asked_for & measured(rows.loc[rows["value"].notna(), ["metric", "region"]])
    columns = [column for column in COLUMNS if column in computed]
    own = [name for name in METRICS if METRICS[name].spec or not METRICS[name].source]
    asked = own if asked_for.issuperset(COLUMNS) else METRICS
    for name in asked:
        regions = [region for metric, region in computed if metric == name]
        if regions and name not in {metric for metric, _ in columns}:
            columns.append((name, "A" if "A" in regions else min(regions)))
    return columns or list(COLUMNS)


def best_of(table: dict[str, dict[Column, Cell]], column: Column) -> set[str]:
    """Name the methods of the first tie group; none when nothing is told apart from them."""
    ties = {name: cells[column].tie for name, cells in table.items()}
    return {n for n, tie in ties.items() if tie == 1} if max(ties.values()) > 1 else set()


def ordered_methods(rows: pd.DataFrame) -> list[str]:
    """List the methods of a run group by group, in each in the order of METHODS, then others."""
    present = dict.fromkeys(rows["method"].unique())
    ordered = [name for name in METHODS if name in present]
    ordered += [name for name in present if name not in METHODS]
    return sorted(ordered, key=lambda name: list(GROUPS).index(group_of(name)))


def group_of(name: str) -> str:
    """Name the group of GROUPS that a row stands in."""
    method = lookup(name)
    local = method.region_aware or bool(method.blend_of)
    return next(group for group, holds in GROUPS.items() if holds(method, local))


def leaders(rows: pd.DataFrame) -> list[str]:
    """List the methods that compete, best mean PSNR of region A first."""
    chosen = rows[(rows["metric"] == "psnr") & (rows["region"] == "A")]
    means = chosen.groupby("method")["value"].mean().dropna()
    means = means.sort_values(ascending=False, kind="stable")
    return [name for name in means.index if lookup(name).kind in COMPETING]


def scores(rows: pd.DataFrame, column: Column) -> pd.DataFrame:
    """One column of the table before averaging: (group, sample, expert) x method, capped."""
    metric, region = column
    part = rows[(rows["metric"] == metric) & (rows["region"] == region)]
    wide = part.pivot(index=["group", "sample", "expert"], columns="method", values="value")
    return wide.clip(upper=PSNR_CAP_DB) if METRICS[metric].unit == "dB" else wide


def _ties(wide: pd.DataFrame, metric: str) -> dict[str, int]:
    """Number the tie groups of the competing methods that have a value for every pair.

    A pair counts where any of them has a value: an empty region is nobody's. A method that was
    scored on some of the pairs, or failed on some, is not ranked: they may be the easy ones.
    """
    rivals = [name for name in wide.columns if lookup(name).kind in COMPETING]
    shared = wide[rivals].dropna(how="all")
    whole = [name for name in rivals if len(shared) and shared[name].notna().all()]
    shared = shared[whole]
    if not whole:
        return {}
    if METRICS[metric].signed:
        shared = shared.abs()
    groups = tie_groups(
        {name: shared[name].to_numpy() for name in whole},
        shared.index.get_level_values("group").to_numpy(),
        higher_is_better=METRICS[metric].higher_is_better,
    )
    return {name: number for number, group in enumerate(groups, start=1) for name in group}
