"""Plots of a run: how each method does along exposure, and what the leaders do across the band."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from ..methods import lookup
from .summary import COMPETING

if TYPE_CHECKING:
    import pandas as pd

KIND_STYLES = {
    "check": {"color": "0.45", "linestyle": ":"},
    "oracle": {"color": "0.7", "linestyle": "--"},
    "stored": {"color": "0.7", "linestyle": "-."},
}
LINES = 8  # more cannot be told apart


def quality_by_exposure(rows: pd.DataFrame) -> str:
    """Plot mean PSNR of region A against EV, leaders in colour, floor and ceilings in grey.

    Returns
    -------
    The plot as SVG text.
    """
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    scores = rows[(rows["metric"] == "psnr") & (rows["region"] == "A")]
    scores = scores[scores["method"] != "reference"].dropna(subset="value")
    means = scores.pivot_table(index="ev", columns="method", values="value")
    ranked = scores.groupby("method")["value"].mean().sort_values(ascending=False).index
    rivals = [name for name in ranked if lookup(name).kind in COMPETING][:LINES]
    figure, axes = plt.subplots(figsize=(8, 4.2), layout="constrained")
    for name in ranked:
        style = KIND_STYLES.get(lookup(name).kind, {})
        if name in rivals or style:
            axes.plot(means.index, means[name], marker="o", markersize=4, label=name, **style)
    axes.set(xlabel="exposure of the input (EV)", ylabel="PSNR in region A (dB)")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, ncols=2, loc="center left", bbox_to_anchor=(1, 0.5))
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    plt.close(figure)
    return text.getvalue()
