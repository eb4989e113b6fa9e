"""Ranking on sets that were not made by us, beside the demo's."""

from __future__ import annotations

import pandas as pd

from benchmarks.methods import lookup
from benchmarks.report.names import number
from benchmarks.report.summary import COMPETING

from .results_tables import PSNR, grid, read, strata

MEAN = ":".join(PSNR) + " mean"


def outside() -> str:
    """Places of the rows on other sets beside their places on the demo, and the correlation."""
    demo = {name: cells[PSNR].mean for name, cells in strata().get("all", {}).items()}
    lines = pd.DataFrame(read("outside.csv"))
    if lines.empty or not demo:
        return ""
    wide = lines.pivot(index="method", columns="set", values=MEAN)[lines["set"].unique()]
    means = wide.replace("", "nan").astype(float)
    means.insert(0, "demo", pd.Series(demo))
    rivals = means[[lookup(name).kind in COMPETING for name in means.index]].dropna()
    places = rivals.rank(ascending=False).sort_values("demo", kind="stable")
    told = ""
    for name, part in lines.groupby("set", sort=False):
        pairs, scenes = part[["pairs", "scenes"]].iloc[0]
        likeness = places["demo"].corr(places[name])  # of ranks: Spearman's
        told += f"* **{name}**: {pairs} pairs of {scenes} scenes; rank correlation with the demo "
        told += f"over {len(places)} rows {likeness:+.2f}.\n"
    table = [["row", *(f"{name}: place, PSNR A (dB)" for name in places)]]
    table += [
        [str(row), *(f"{place[s]:g}, {number(rivals.loc[row, s], 'psnr')}" for s in places)]
        for row, place in places.iterrows()
    ]
    if "input" in means.index:
        nothing = [number(value, "psnr") for value in means.loc["input"]]
        table.append(["*doing nothing*", *nothing])
    return f"{told}\n{grid(table)}"


TABLES = {"results-outside": outside}
