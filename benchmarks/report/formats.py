"""Cells to text: Markdown for people, LaTeX for papers, CSV for programs."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Collection
from dataclasses import fields

from ..methods import lookup
from .escape import cell as csv_text
from .escape import md, tex
from .literature import WARNING, Block
from .names import Column, heading, number
from .summary import CEILINGS, COMPETING, Cell, best_of, group_of

Table = dict[str, dict[Column, Cell]]
FLAG = "⚠"


def cell_text(cell: Cell, metric: str) -> str:
    """Print a mean with the half-width of its interval and the count where some are missing."""
    return " ".join(filter(None, (number(cell.mean, metric), spread(cell, metric), missing(cell))))


def spread(cell: Cell, metric: str) -> str:
    """Print half the width of the interval, or nothing where there is none."""
    known = math.isfinite(cell.low) and cell.high > cell.low
    return "± " + number((cell.high - cell.low) / 2, metric).lstrip("+") if known else ""


def missing(cell: Cell) -> str:
    """Print how many evaluations have a value, or nothing when all have one."""
    return f"({cell.valid}/{cell.asked})" if cell.valid < cell.asked else ""


def markdown(table: Table, flagged: Collection[str] = ()) -> str:
    """Render as a Markdown table, part by part of GROUPS where there are several to compete.

    The best of each column is bold, ceilings are in italics; `flagged` methods carry a sign.
    """
    columns = _columns(table)
    best = {column: best_of(table, column) for column in columns}
    lines = [
        "| method | kind | " + " | ".join(map(heading, columns)) + " |",
        "|---|---|" + "---:|" * len(columns),
    ]
    groups = [group_of(name) for name in table]
    parted = len({group_of(name) for name in table if lookup(name).kind in COMPETING}) > 1
    for name, group, last in zip(table, groups, ["", *groups], strict=False):
        if parted and group != last:
            lines.append(f"| **{group}** | |" + " |" * len(columns))
        lines.append(_line(name, table[name], best, flagged))
    return "\n".join(lines) + "\n"


def _line(
    name: str,
    cells: dict[Column, Cell],
    best: dict[Column, set[str]],
    flagged: Collection[str],
) -> str:
    texts = [cell_text(cell, metric) for (metric, _), cell in cells.items()]
    texts = [
        f"**{text}**" if name in best[column] else text
        for text, column in zip(texts, cells, strict=True)
    ]
    label = f"*{md(name)}*" if lookup(name).kind in CEILINGS else md(name)
    label = f"{FLAG} {label}" if name in flagged else label
    return f"| {label} | {kind_word(name)} | " + " | ".join(texts) + " |"


def plain_markdown(lines: list[list[str]]) -> str:
    """Render cells, the first line being the heading, as a Markdown table."""
    head, *body = [[md(cell) for cell in line] for line in lines]
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "".join("| " + " | ".join(cells) + " |\n" for cells in (head, rule, *body))


def literature_markdown(blocks: list[Block]) -> str:
    """Render the papers' numbers under a heading of their own, each with its protocol."""
    parts = ["## Published numbers", WARNING]
    for block in blocks:
        parts += [f"### {block.protocol.name}: {block.protocol.dataset}", block.facts]
        parts += [plain_markdown([block.heading, *block.lines]).rstrip("\n"), *block.notes]
    return "\n\n".join(parts) + "\n"


def kind_word(name: str) -> str:
    """Say in one word what stands behind a row."""
    method = lookup(name)
    if method.kind == "model":
        return "trained" if method.trained else "untrainable"
    return "ceiling" if method.kind in CEILINGS else method.kind


def latex(table: Table, caption: str) -> str:
    """Render as a booktabs table; in small print half of the 95 % interval over scenes."""
    columns = _columns(table)
    best = {column: best_of(table, column) for column in columns}
    head = " & ".join(["Method", *(tex(heading(column)) for column in columns)])
    body = []
    for name, cells in table.items():
        texts = [_tex_cell(cells[column], column[0], name in best[column]) for column in columns]
        body.append(" & ".join([tex(name), *texts]) + r" \\")
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{tex(caption)}}}",
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


def _tex_cell(cell: Cell, metric: str, best: bool) -> str:
    """A mean, bold where it is the best, with the half-width of its interval in small print."""
    text = tex(number(cell.mean, metric))
    text = rf"\textbf{{{text}}}" if best else text
    small = " ".join(filter(None, (spread(cell, metric), missing(cell))))
    return rf"{text} {{\scriptsize {tex(small)}}}" if small else text


def comma_separated(tables: dict[str, Table]) -> str:
    """Write several strata as one CSV with full precision, one line per cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    facts = [field.name for field in fields(Cell)]
    writer.writerow(("stratum", "method", "kind", "metric", "region", *facts))
    for stratum, table in tables.items():
        for name, cells in table.items():
            for column, cell in cells.items():
                numbers = [getattr(cell, fact) for fact in facts]
                texts = csv_text(stratum), csv_text(name), lookup(name).kind
                writer.writerow((*texts, *column, *numbers))
    return text.getvalue()


def _columns(table: Table) -> list[Column]:
    return list(next(iter(table.values())))
