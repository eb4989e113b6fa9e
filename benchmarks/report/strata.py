"""Views of the long table: by exposure, coverage, distortion, severity and expert."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

# Mean CIEDE2000 between a picture and its LUT-distorted form: invisible, slight, clear, strong.
SEVERITY_EDGES = (0.0, 2.0, 5.0, 10.0, np.inf)


UNKNOWN = "not known"  # the exposure of pictures that somebody else made

STRATA: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "all": lambda rows: pd.Series(True, index=rows.index),
    "under-exposed (EV < 0)": lambda rows: rows["ev"] < 0,
    "as shot (EV 0)": lambda rows: rows["ev"] == 0,
    "over-exposed (EV > 0)": lambda rows: rows["ev"] > 0,
    "exposure not known": lambda rows: rows["ev"].isna(),
    "no LUT": lambda rows: rows["distortion"] == "none",
    "LUT-distorted": lambda rows: rows["distortion"] != "none",
}


def strata(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """Label every row of the long table in each way it may be split.

    Parameters
    ----------
    rows : columns ev (stops), coverage (share), distortion, severity (mean CIEDE2000)

    Returns
    -------
    Name of the split -> one text label per row, with the index of `rows`: "ev", "exposure"
    (under, as shot, over), "coverage" (deciles of the region's share of the frame), "distortion"
    (its name) and "severity" (mean CIEDE2000). An exposure that nobody knows is UNKNOWN.
    """
    return {
        "ev": _labelled(rows["ev"], _stops),
        "exposure": _labelled(np.sign(rows["ev"]), _side),
        "coverage": _labelled(rows["coverage"], _decile),
        "distortion": _labelled(rows["distortion"], str),
        "severity": _labelled(rows["severity"], _severity),
    }


def _labelled(column: pd.Series, label: Callable[[Any], str]) -> pd.Series:
    """A label for every row, made once for each value that there is."""
    codes, values = pd.factorize(column, use_na_sentinel=False)
    names, numbers = np.unique(
        np.array([label(value) for value in values], str), return_inverse=True
    )
    made = pd.Categorical.from_codes(numbers[codes], pd.Index(names, dtype="str"))
    return pd.Series(made, index=column.index)


def _side(sign: float) -> str:
    return UNKNOWN if np.isnan(sign) else {-1: "under", 0: "as shot", 1: "over"}[int(sign)]


def _stops(ev: float) -> str:
    return UNKNOWN if np.isnan(ev) else f"{ev:+g}"


def _decile(share: float) -> str:
    # 0.3 * 10 is 3 only after rounding.
    low = 10 * min(int(round(share * 10, 9)), 9)
    return f"{low}-{low + 10} %"


def _severity(value: float) -> str:
    if value == 0:
        return "none"
    above = int(np.searchsorted(SEVERITY_EDGES, value, side="right")) - 1
    low, high = SEVERITY_EDGES[above : above + 2]
    return f"{low:g} and more" if np.isinf(high) else f"{low:g}-{high:g}"


def by_expert(rows: pd.DataFrame, metric: str, region: str) -> pd.DataFrame:
    """Mean of a metric against every expert's reference, and the mean of those.

    Photographers disagree: an output can be near one expert and far from another, so all five are
    shown, as in Afifi et al., "Learning Multi-Scale Photo Exposure Correction", CVPR 2021, table 1.

    Returns
    -------
    One row per method, one column per expert in alphabetical order, then "mean", which weighs the
    experts alike. A method with a missing value has NaN there, not the mean of what is left.
    """
    chosen = rows[(rows["metric"] == metric) & (rows["region"] == region)]
    table = chosen.pivot_table(
        index="method", columns="expert", values="value", aggfunc=lambda v: v.mean(skipna=False)
    ).sort_index(axis=1)
    return table.assign(mean=table.mean(axis=1, skipna=False))
