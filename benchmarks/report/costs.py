"""Quality and cost of a run, where it was timed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from luts.tool.errors import UserError

from .cost_plot import cost_lines, cost_note, draw, quality_and_cost

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Costs:
    """A table as lines of cells, the heading first; how it was measured; its plot in two forms."""

    lines: list[list[str]]
    note: str
    svg: str
    png: bytes


def read_costs(run: Path, rows: pd.DataFrame) -> Costs | None:
    """Join the long table of a run with the timing that `benchmarks time --run` left in it."""
    import pandas as pd

    path = run / "timing" / "timing.csv"
    if not path.is_file():
        return None
    try:
        table = quality_and_cost(rows, pd.read_csv(path))
    except UserError:  # other methods were timed; the tables are worth having without the plot
        return None
    svg, png = draw(table).decode(), draw(table, form="png")
    return Costs(cost_lines(table), cost_note(table), svg, png)
