"""Plots of a run as SVG."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..methods import lookup
from .escape import label
from .summary import CEILINGS, leaders

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

LINES = 8  # in one plot; more cannot be told apart
KIND_STYLES = {
    "check": ("0.45", ":"),
    "oracle": ("0.7", "--"),
    "stored": ("0.7", "-."),
}


def quality_by_exposure(rows: pd.DataFrame) -> str:
    """Plot mean PSNR of region A against EV, leaders in colour, floor and ceilings in grey.

    Lines of ceilings and their legend entries have ids that begin with "ceiling", so that a page
    can hide them. Empty where no exposure is known.
    """
    scores = rows[(rows["metric"] == "psnr") & (rows["region"] == "A")]
    scores = scores[scores["method"] != "reference"].dropna(subset=["value", "ev"])
    if scores.empty:
        return ""
    means = scores.pivot_table(index="ev", columns="method", values="value")
    ranked = scores.groupby("method")["value"].mean().sort_values(ascending=False).index
    # In region A the blended version of a method is the method.
    rivals = [name for name in leaders(rows) if lookup(name).blend_of not in means][:LINES]

    def draw(axes: Axes) -> None:
        for name in ranked:
            kind = lookup(name).kind
            if name in rivals or kind in KIND_STYLES:
                colour, dashes = KIND_STYLES.get(kind, (None, "-"))
                axes.plot(
                    means.index,
                    means[name],
                    label=label(name),
                    marker="o",
                    markersize=4,
                    color=colour,
                    linestyle=dashes,
                )
        axes.set(xlabel="exposure of the input (EV)", ylabel="PSNR in region A (dB)")

    return as_svg(draw)


def as_svg(draw: Callable[[Axes], None]) -> str:
    """Draw on fresh axes, add a legend at the side, and return the SVG text.

    Labels are names of methods: text, whatever they hold.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "tonebench", "text.parse_math": False}):
        figure = Figure(figsize=(9, 4.2), layout="constrained")
        axes = figure.subplots()
        draw(axes)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        legend = axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
        parts = zip(axes.lines, legend.get_lines(), legend.get_texts(), strict=True)
        for number, (line, *entry) in enumerate(parts):
            if lookup(str(line.get_label()).removeprefix(" ")).kind in CEILINGS:
                for at, part in enumerate((line, *entry)):
                    part.set_gid(f"ceiling-{number}-{at}")
        text = io.StringIO()
        # Without a fixed salt the ids inside differ from one call to the next.
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()
