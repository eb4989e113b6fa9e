"""How the order of the methods changes with the reference they are scored against.

References
----------
Spearman, "The proof and measurement of association between two things", American Journal of
Psychology 15, 1904: the correlation of ranks.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import TYPE_CHECKING

from datagen.references import headline

from ..methods import lookup
from ..metrics import METRICS
from .names import Column
from .strata import by_expert
from .summary import COMPETING

if TYPE_CHECKING:
    import pandas as pd

MOVES = 2  # places from one reference to another, for a row to be listed
LEAST_ROWS = 3  # fewer have no order to speak of


def headline_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the main tables: against the experts, else the leading reference."""
    names = rows["expert"].unique()
    chosen = headline(names)
    return rows if set(chosen) >= set(names) else rows[rows["expert"].isin(chosen)]


def headline_line(rows: pd.DataFrame) -> str:
    """Say which references the main tables are about; "" where there is only one."""
    names = sorted(rows["expert"].unique())
    if len(names) < 2:
        return ""
    chosen = headline(names)
    rest = [name for name in names if name not in chosen]
    told = f" Against {', '.join(rest)} too: the tables by reference." if rest else ""
    mean = "the mean of " if len(chosen) > 1 else ""
    return f"References of the main tables: {mean}{', '.join(chosen)}.{told}"


def ranking_tables(rows: pd.DataFrame, columns: Iterable[Column]) -> dict[str, list[list[str]]]:
    """Say for every column which competing methods change places with the reference.

    Returns
    -------
    Title, with the correlation of ranks of every two references -> lines of cells, the first being
    the heading: the place of each method that moves, most first. Nothing when there is only one
    reference, or hardly a method that competes with values against all of them.
    """
    tables = {}
    for metric, region in columns:
        places = places_by_reference(rows, metric, region)
        if places.shape[1] < 2 or len(places) < LEAST_ROWS:
            continue
        pairs = (
            f"{one} and {two} {places[one].corr(places[two]):.2f}"
            for one, two in combinations(places.columns, 2)
        )
        title = (
            f"{METRICS[metric].label} {region}: places of {len(places)} methods by reference; "
            f"rank correlation of {', '.join(pairs)}"
        )
        moves = places.max(axis=1) - places.min(axis=1)
        moved = moves[moves >= MOVES].sort_values(ascending=False, kind="stable").index
        lines = [
            [str(name), *(f"{place:g}" for place in places.loc[name]), f"{moves[name]:g}"]
            for name in moved
        ]
        tables[title] = [["method", *places.columns, "places moved"], *lines]
    return tables


def places_by_reference(rows: pd.DataFrame, metric: str, region: str) -> pd.DataFrame:
    """The place of every competing method against every reference, 1 the best; ties share one.

    Returns
    -------
    One row per method that has a value against all references, one column per reference.
    """
    means = by_expert(rows, metric, region).drop(columns="mean")
    means = means.loc[[name for name in means.index if lookup(name).kind in COMPETING]].dropna()
    if METRICS[metric].signed:
        means = means.abs()
    return means.rank(ascending=not METRICS[metric].higher_is_better, method="average")
