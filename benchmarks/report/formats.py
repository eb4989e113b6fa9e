"""Cells to text: Markdown for people, LaTeX for papers, CSV for programs."""

from __future__ import annotations

import csv
import io
import math

from ..methods import lookup
from ..metrics import METRICS
from .summary import CEILINGS, PSNR_CAP_DB, Cell, Column

Table = dict[str, dict[Column, Cell]]
NAMES = {
    "psnr": "PSNR",
    "ssim": "SSIM",
    "delta_e_2000": "ΔE00",
    "ev_rmse": "EV-RMSE",
}


def heading(column: Column) -> str:
    """Name a column with its region, unit and direction, such as "PSNR A (dB) ↑"."""
    metric, region = column
    unit = f" ({METRICS[metric].unit})" if METRICS[metric].unit else ""
    arrow = "↑" if METRICS[metric].higher_is_better else "↓"
    return f"{NAMES.get(metric, metric)} {region}{unit} {arrow}"


def number(value: float, metric: str) -> str:
    """Print a value with the digits its metric deserves; an untouched region is ∞ dB."""
    if math.isnan(value):
        return "–"
    if METRICS[metric].unit == "dB":
        return "∞" if value >= PSNR_CAP_DB else f"{value:.2f}"
    return f"{value:.3f}"


def cell_text(cell: Cell, metric: str) -> str:
    """Print a mean with the half-width of its interval and the count where some are missing."""
    text = number(cell.mean, metric)
    if math.isfinite(cell.low) and cell.high > cell.low:
        text += f" ± {number((cell.high - cell.low) / 2, metric)}"
    if cell.valid < cell.asked:
        text += f" ({cell.valid}/{cell.asked})"
    return text


def markdown(table: Table) -> str:
    """Render as a Markdown table; the best of each column in bold, ceilings in italics."""
    columns = _columns(table)
    lines = [
        "| method | kind | " + " | ".join(map(heading, columns)) + " |",
        "|---|---|" + "---:|" * len(columns),
    ]
    for name, cells in table.items():
        texts = [cell_text(cells[column], column[0]) for column in columns]
        texts = [
            f"**{text}**" if cells[column].tie == 1 else text
            for text, column in zip(texts, columns, strict=True)
        ]
        label = f"*{name}*" if lookup(name).kind in CEILINGS else name
        lines.append(f"| {label} | {kind_word(name)} | " + " | ".join(texts) + " |")
    return "\n".join(lines) + "\n"


def kind_word(name: str) -> str:
    """Say in one word what stands behind a row."""
    method = lookup(name)
    if method.kind == "model":
        return "trained" if method.trained else "untrainable"
    return "ceiling" if method.kind in CEILINGS else method.kind


def latex(table: Table, caption: str) -> str:
    """Render as a booktabs table for a paper."""
    columns = _columns(table)
    head = " & ".join(["Method", *(_tex(heading(column)) for column in columns)])
    body = []
    for name, cells in table.items():
        texts = [_tex(number(cells[column].mean, column[0])) for column in columns]
        texts = [
            rf"\textbf{{{text}}}" if cells[column].tie == 1 else text
            for text, column in zip(texts, columns, strict=True)
        ]
        body.append(" & ".join([_tex(name), *texts]) + r" \\")
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{_tex(caption)}}}",
            rf"\begin{{tabular}}{{l{'r' * len(columns)}}}",
            r"\toprule",
            head + r" \\",
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def comma_separated(tables: dict[str, Table]) -> str:
    """Write several strata as one CSV with full precision, one line per cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        (
            "stratum",
            "method",
            "kind",
            "metric",
            "region",
            "mean",
            "low",
            "high",
            "valid",
            "asked",
            "tie",
        )
    )
    for stratum, table in tables.items():
        for name, cells in table.items():
            for column, cell in cells.items():
                numbers = (cell.mean, cell.low, cell.high, cell.valid, cell.asked, cell.tie)
                writer.writerow((stratum, name, lookup(name).kind, *column, *numbers))
    return text.getvalue()


def _columns(table: Table) -> list[Column]:
    return list(next(iter(table.values())))


def _tex(text: str) -> str:
    for plain, escaped in TEX.items():
        text = text.replace(plain, escaped)
    return text


TEX = {
    "_": r"\_",
    "%": r"\%",
    "&": r"\&",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "Δ": r"$\Delta$",
    "∞": r"$\infty$",
    "±": r"$\pm$",
    "–": "--",
}
