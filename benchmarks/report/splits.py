"""Tables of parts of a run: by exposure, coverage, distortion, severity, mask and expert."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..metrics import METRICS
from .names import Column, number
from .strata import by_expert, strata
from .summary import ordered_methods, tabulate

if TYPE_CHECKING:
    import pandas as pd

    from .formats import Table

# Split -> the number whose mean in a part gives the order of the parts.
ORDER = {
    "ev": "ev",
    "exposure": "ev",
    "coverage": "coverage",
    "distortion": "severity",
    "severity": "severity",
    "mask": "coverage",
}
IN_CSV = ("ev", "severity")


def split_tables(rows: pd.DataFrame, by: str, columns: Iterable[Column]) -> dict[str, Table]:
    """Make one table per part of a split, such as "ev +1"; `by` is a key of ORDER.

    A pair's coverage is that of its region A, so that a pair is in one part with all its regions.
    """
    rows = rows.assign(coverage=_coverage_of_a(rows))
    labels = rows["mask"] if by == "mask" else strata(rows)[by]
    parts = rows.groupby(labels)[ORDER[by]].mean().sort_values(kind="stable").index
    return {f"{by} {label}": tabulate(rows[labels == label], columns) for label in parts}


def _coverage_of_a(rows: pd.DataFrame) -> pd.Series:
    """Share of A in every row's frame; 0 where every method failed, which leaves it unknown."""
    shares = rows[rows["region"] == "A"].groupby("sample")["coverage"].first()
    # A category's map stays one where all values differ, and such a column has no mean.
    return rows["sample"].map(shares).astype(float).fillna(0.0)


def expert_tables(rows: pd.DataFrame, columns: Iterable[Column]) -> dict[str, list[list[str]]]:
    """Write out every column against each reference, experts' or made ones, and their mean.

    Returns
    -------
    Title -> lines of cells, the first being the heading; nothing when there is only one reference.
    """
    if rows["expert"].nunique() < 2:
        return {}
    tables = {}
    for metric, region in columns:
        means = by_expert(rows, metric, region)
        means = means.reindex(ordered_methods(rows))
        lines = [
            [str(name), *(number(value, metric) for value in values)]
            for name, values in zip(means.index, means.to_numpy(), strict=True)
        ]
        title = f"{METRICS[metric].label} {region} {METRICS[metric].arrow} against each reference"
        tables[title] = [["method", *means.columns], *lines]
    return tables
