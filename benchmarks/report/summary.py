"""Rows to cells: the mean of a metric over the evaluations of a stratum, per method."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pandas as pd

from ..methods import METHODS, lookup
from ..metrics import METRICS

# Values above this count as this much in means: an untouched region scores infinitely many dB.
PSNR_CAP_DB = 100.0

# Checks and oracles see the answer, so they are never ranked.
COMPETING = ("classical", "model", "external")

Column = tuple[str, str]  # metric name, region
COLUMNS: tuple[Column, ...] = (
    ("psnr", "A"),
    ("ssim", "A"),
    ("delta_e_2000", "A"),
    ("ev_rmse", "B"),
    ("psnr", "C"),
    ("delta_e_2000", "C"),
    ("psnr", "all"),
)
STRATA: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "all": lambda rows: rows["ev"].notna(),
    "under-exposed (EV < 0)": lambda rows: rows["ev"] < 0,
    "as shot (EV 0)": lambda rows: rows["ev"] == 0,
    "over-exposed (EV > 0)": lambda rows: rows["ev"] > 0,
    "no LUT": lambda rows: rows["distortion"] == "none",
    "LUT-distorted": lambda rows: rows["distortion"] != "none",
}


@dataclass(frozen=True)
class Cell:
    """A mean with its 95 % interval over scenes, and how many evaluations stand behind it."""

    mean: float
    low: float
    high: float
    valid: int
    asked: int
    best: bool = False


def tabulate(
    rows: pd.DataFrame, columns: Iterable[Column], *, intervals: bool = True
) -> dict[str, dict[Column, Cell]]:
    """Summarise the long table, one stratum of it, into method -> column -> cell.

    Parameters
    ----------
    rows : the long table of `benchmarks.rows.load_rows`, or a part of it
    columns : (metric, region) pairs
    intervals : also compute the intervals (seeded bootstrap over scenes); without, they are NaN

    Returns
    -------
    Methods in the order of METHODS. A method that failed everywhere keeps its row, with NaN.
    """
    present = dict.fromkeys(rows["method"])
    ordered = [name for name in METHODS if name in present]
    ordered += [name for name in present if name not in METHODS]
    table: dict[str, dict[Column, Cell]] = {name: {} for name in ordered}
    asked = rows.groupby("method")[["sample", "expert"]].apply(lambda r: len(r.drop_duplicates()))
    keyed = dict(list(rows.groupby(["method", "metric", "region"], sort=False)))
    for column in columns:
        cells = {}
        for name in table:
            part = keyed.get((name, *column))
            values = pd.Series(dtype=float) if part is None else _capped(part, column[0])
            scenes = [] if part is None else part.loc[values.index, "scene"]
            cells[name] = _cell(values, scenes, int(asked[name]), intervals)
        best = _best(cells, column[0])
        for name, cell in cells.items():
            table[name][column] = Cell(**(vars(cell) | {"best": True})) if name in best else cell
    return table


def _capped(part: pd.DataFrame, metric: str) -> pd.Series:
    values = part["value"].dropna()
    return values.clip(upper=PSNR_CAP_DB) if METRICS[metric].unit == "dB" else values


def _cell(values: pd.Series, scenes: Iterable[str], asked: int, intervals: bool) -> Cell:
    if values.empty:
        return Cell(math.nan, math.nan, math.nan, 0, asked)
    low = high = math.nan
    if intervals:
        from ..stats import scene_interval

        low, high = scene_interval(values.to_numpy(), list(scenes))
    return Cell(float(values.mean()), low, high, len(values), asked)


def _best(cells: dict[str, Cell], metric: str) -> set[str]:
    """Find who shares the best mean; checks and oracles see the answer, so they do not compete."""
    sign = 1 if METRICS[metric].higher_is_better else -1
    ranked = {
        name: sign * cell.mean
        for name, cell in cells.items()
        if lookup(name).kind in COMPETING and not math.isnan(cell.mean)
    }
    return {name for name, value in ranked.items() if value == max(ranked.values())}
