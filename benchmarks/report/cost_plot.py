"""Quality against cost: PSNR in region A over latency and over parameters, with the best trades."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from luts.tool.errors import UserError

from ..methods import lookup
from .summary import COMPETING, scores

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

COLOURS = {"classical": "tab:blue", "model": "tab:orange"}
LABELS = 12  # with more methods, only those of the front and the best of each kind are named
CLOSE = (0.25, 0.03)  # shares of the panel within which two names would overlap
AXES = {"p50_ms": "latency, median (ms)", "parameters": "parameters"}


def quality_and_cost(rows: pd.DataFrame, timing: pd.DataFrame) -> pd.DataFrame:
    """Join a run with the cost of its methods.

    Parameters
    ----------
    rows : the long table of `benchmarks.harness.long_table.load_rows`
    timing : rows of timing.csv; of one method the largest picture it was timed at in fp32, batch 1

    Returns
    -------
    One row per method that both have, best first: index method; columns psnr (dB, mean in region
    A), p50_ms, parameters, device, protocol ("full" or "reduced"), size ("WIDTHxHEIGHT"), kind.
    Raises UserError when they share none.
    """
    chosen = timing[(timing["what"] == "model") & (timing["batch"] == 1)]
    chosen = chosen[chosen["precision"] == "fp32"]
    areas = chosen["width"] * chosen["height"]
    shared = areas.groupby(chosen["method"]).max().min() if len(chosen) else 0
    chosen = chosen[areas == shared].drop_duplicates("method", keep="last").set_index("method")
    psnr = scores(rows, ("psnr", "A")).mean(skipna=False).rename("psnr")
    table = chosen.join(psnr, how="inner").dropna(subset="psnr")
    table["kind"] = [lookup(name).kind for name in table.index]
    table = table[table["kind"].isin(COMPETING)]
    if table.empty:
        raise UserError("the run and the timing have no method in common; time the methods scored")
    table["size"] = table["width"].astype(str) + "x" + table["height"].astype(str)
    columns = ["psnr", "p50_ms", "parameters", "device", "protocol", "size", "kind"]
    return table[columns].sort_values("psnr", ascending=False)


def pareto_front(table: pd.DataFrame, cost: str) -> list[str]:
    """Name the methods that no other beats in quality at the same cost or less, cheapest first."""
    front, best = [], float("-inf")
    for name, row in table.sort_values([cost, "psnr"], ascending=[True, False]).iterrows():
        if row["psnr"] > best:
            front.append(str(name))
            best = row["psnr"]
    return front


def cost_lines(table: pd.DataFrame) -> list[list[str]]:
    """Write the table as lines of cells, the heading first; a star is on the front of that cost."""
    fronts = {cost: set(pareto_front(table, cost)) for cost in AXES}
    lines = [["method", "PSNR A (dB)", f"ms at {table['size'].iloc[0]}", "parameters", "device"]]
    for name, row in table.iterrows():
        stars = {cost: "*" if name in front else "" for cost, front in fronts.items()}
        lines.append(
            [
                str(name),
                f"{row['psnr']:.2f}",
                f"{row['p50_ms']:.3g}{stars['p50_ms']}",
                f"{row['parameters']:,.0f}{stars['parameters']}",
                row["device"],
            ]
        )
    return lines


def cost_note(table: pd.DataFrame) -> str:
    """Say how the costs were measured, and which rows saw fewer calls than the protocol asks."""
    reduced = table.index[table["protocol"] != "full"]
    note = f"Median of single calls, arrays to arrays, {table['size'].iloc[0]} pixels, batch 1."
    return note + (f" Fewer calls than the protocol: {', '.join(reduced)}." if len(reduced) else "")


def draw(table: pd.DataFrame, *, form: str = "svg") -> bytes:
    """Draw both panels as the bytes of an SVG or PNG file."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "tonebench", "text.parse_math": False}):
        figure = Figure(figsize=(12, 5), layout="constrained")
        panels = figure.subplots(1, 2, sharey=True)
        for axes, (cost, text) in zip(panels, AXES.items(), strict=True):
            _panel(axes, table, cost)
            axes.set_xlabel(f"{text} at {table['size'].iloc[0]}" if cost == "p50_ms" else text)
        panels[0].set_ylabel("mean PSNR in region A (dB)")
        panels[0].legend(loc="best", fontsize=8)
        content = io.BytesIO()
        facts = {"Date": None} if form == "svg" else {}
        figure.savefig(content, format=form, dpi=120, metadata=facts)
    return content.getvalue()


def _panel(axes: Axes, table: pd.DataFrame, cost: str) -> None:
    front = pareto_front(table, cost)
    best = table.loc[front]
    axes.step(best[cost], best["psnr"], where="post", color="0.6", zorder=1, label="Pareto front")
    for kind, part in table.groupby("kind"):
        axes.scatter(part[cost], part["psnr"], s=28, color=COLOURS.get(str(kind)), label=kind)
    # Many methods have no parameters at all, which a logarithm cannot show.
    axes.set_xscale("symlog", linthresh=10) if cost == "parameters" else axes.set_xscale("log")
    # As numbers: powers of ten are markup, which is off where strangers' names are shown.
    axes.xaxis.set_major_formatter(
        lambda value, _: f"{value:,g}" if value < 1e6 else f"{value:.0e}"
    )
    axes.xaxis.set_minor_formatter("")
    axes.grid(alpha=0.3)
    best_of_kinds = [str(part["psnr"].idxmax()) for _, part in table.groupby("kind")]
    named = dict.fromkeys([*front, *best_of_kinds]) if len(table) > LABELS else list(table.index)
    taken: list[tuple[float, float]] = []
    to_axes = axes.transData + axes.transAxes.inverted()
    for name in sorted(named, key=lambda name: -table["psnr"].loc[name]):
        place = (float(table[cost].loc[name]), float(table["psnr"].loc[name]))
        across, up = to_axes.transform(place)
        if any(abs(across - x) < CLOSE[0] and abs(up - y) < CLOSE[1] for x, y in taken):
            continue  # it would stand on the name of a better one
        taken.append((across, up))
        right = across > 0.5  # where a label would leave the panel
        axes.annotate(
            name,
            place,
            (-6 if right else 6, 5),
            textcoords="offset points",
            fontsize=7,
            ha="right" if right else "left",
        )
