"""`benchmarks plot`: quality against cost."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "benchmarks plot out/bench --timing out/timing"


def configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("run", type=Path, metavar="RUN", help="results folder of `benchmarks run`")
    add("--timing", type=Path, required=True, metavar="DIR", help="--out of `benchmarks time`")


def run(args: argparse.Namespace) -> None:
    import pandas as pd

    from luts.tool.errors import UserError
    from luts.tool.files import whole_file

    from ..harness.rows import load_rows
    from ..report.cost_plot import cost_lines, draw, quality_and_cost

    path = args.timing / "timing.csv"
    if not path.is_file():
        raise UserError(f"{path}: no such file; make it with `benchmarks time --out {args.timing}`")
    table = quality_and_cost(load_rows(args.run), pd.read_csv(path))
    for form in ("svg", "png"):
        with whole_file(args.run / f"cost.{form}") as scratch:
            scratch.write_bytes(draw(table, form=form))
    for line in cost_lines(table):
        print("\t".join(line))
    print(args.run / "cost.svg", args.run / "cost.png")
