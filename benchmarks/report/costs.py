"""Quality and cost of a run, where it was timed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from luts.tool.errors import UserError

from .cost_plot import cost_lines, cost_note, draw, quality_and_cost

if TYPE_CHECKING:
    import pandas as pd

TIMING = "timing.csv"


@dataclass(frozen=True)
class Costs:
    """A table as lines of cells, the heading first; how it was measured; its plot in two forms."""

    lines: list[list[str]]
    note: str
    svg: str
    png: bytes


def read_costs(run: Path, rows: pd.DataFrame) -> Costs | None:
    """Join the long table of a run with the timing that `benchmarks time --run` left in it."""
    timing = read_timing(run / "timing" / TIMING)
    if timing is None:
        return None
    try:
        table = quality_and_cost(rows, timing)
    except UserError:  # other methods were timed; the tables are worth having without the plot
        return None
    svg, png = draw(table).decode(), draw(table, form="png")
    return Costs(cost_lines(table), cost_note(table), svg, png)


def read_timing(path: Path) -> pd.DataFrame | None:
    """Read an earlier table; None where there is none, or nothing in it.

    Raises UserError for a file that is no such table.
    """
    import pandas as pd

    if not path.is_file() or not path.read_bytes().strip():
        return None
    try:
        table = pd.read_csv(path, keep_default_na=False)
    except (ValueError, pd.errors.ParserError) as error:
        raise UserError(f"{path}: not a table of timings: {error}") from None
    if missing := {"method", "what", "batch", "precision", "width", "height"} - {*table.columns}:
        raise UserError(f"{path}: not a table of timings: no column {min(missing)}")
    return table
