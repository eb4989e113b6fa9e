"""Several weights or seeds of one model: their mean, and how much they differ."""

from __future__ import annotations

import math

import numpy as np

from .formats import Table
from .names import heading, number


def over_labels(table: Table) -> list[list[str]]:
    """Summarise the rows NAME@LABEL of each NAME.

    Returns
    -------
    Lines of cells, the heading first: mean and standard deviation (of the sample) over the labels
    of the rows' own means. Empty where no model has two labels.
    """
    groups: dict[str, list[str]] = {}
    for name in table:
        host, at, _ = name.partition("@")
        if at:
            groups.setdefault(host, []).append(name)
    groups = {host: names for host, names in groups.items() if len(names) > 1}
    if not groups:
        return []
    columns = list(next(iter(table.values())))
    lines = [["model", "weights", *map(heading, columns)]]
    for host, names in groups.items():
        cells = []
        for column in columns:
            means = np.array([table[name][column].mean for name in names])
            spread = float(means.std(ddof=1)) if np.isfinite(means).all() else math.nan
            text = number(float(means.mean()), column[0])
            known = "" if math.isnan(spread) else f" ± {number(spread, column[0]).lstrip('+')}"
            cells.append(text + known)
        labels = ", ".join(name.partition("@")[2] for name in names)
        lines.append([host, labels, *cells])
    return lines
