"""Columns of the tables: a metric in a region, as its own entry of METRICS says to print it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from luts.tool.errors import UserError

from ..metrics import METRICS, find_metrics

Column = tuple[str, str]  # metric name, region

# Values above this count as this much in means: an untouched region scores infinitely many dB.
PSNR_CAP_DB = 100.0


class ColumnError(UserError):
    """A table column that does not exist, or that the run has no values for."""


def read_columns(texts: Sequence[str]) -> tuple[Column, ...]:
    """Read columns given as METRIC:REGION.

    Raises
    ------
    MetricError for an unknown metric, ColumnError for a region that it is not measured in.

    Examples
    --------
    >>> read_columns(["psnr:A", "ev_bias:B"])
    (('psnr', 'A'), ('ev_bias', 'B'))
    """
    columns = []
    for text in texts:
        name, _, region = text.partition(":")
        (metric,) = find_metrics([name])
        if region not in metric.regions:
            allowed = ", ".join(f"{name}:{where}" for where in metric.regions)
            raise ColumnError(f"{text!r}: no such column; {name} has {allowed}")
        columns.append((name, region))
    return tuple(dict.fromkeys(columns))


def unit(metric: str) -> str:
    """Name the unit in a word, or with no text where there is none."""
    return METRICS[metric].unit.partition(",")[0]


def heading(column: Column) -> str:
    """Name a column with its region, unit and direction, such as "PSNR A (dB) ↑"."""
    name, region = column
    in_unit = f" ({unit(name)})" if unit(name) else ""
    return f"{METRICS[name].label} {region}{in_unit} {METRICS[name].arrow}"


def number(value: float, name: str) -> str:
    """Print a value with the digits its metric deserves; an untouched region is ∞ dB."""
    if math.isnan(value):
        return "–"
    metric = METRICS[name]
    if metric.unit == "dB" and value >= PSNR_CAP_DB:
        return "∞"
    return f"{value:{'+' if metric.signed else ''}.{metric.digits}f}"
