"""`benchmarks report`: rows to tables, plots and a page."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "benchmarks report out/bench --by ev --published"
SPLITS = ("ev", "exposure", "coverage", "distortion", "severity", "mask")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, metavar="RUN", help="results folder of `benchmarks run`")
    parser.add_argument(
        "--columns",
        nargs="+",
        metavar="METRIC:REGION",
        help="columns of the tables, such as psnr:A ev_bias:B (default: seven)",
    )
    parser.add_argument(
        "--by", nargs="+", default=[], choices=SPLITS, help="a table for every part of a split"
    )
    parser.add_argument(
        "--published", action="store_true", help="add the papers' own numbers, kept apart"
    )


def run(args: argparse.Namespace) -> None:
    from ..report.names import read_columns
    from ..report.summary import COLUMNS
    from ..report.write import write_report

    columns = read_columns(args.columns) if args.columns else COLUMNS
    report = write_report(args.run, columns=columns, by=args.by, published=args.published)
    print(report.text)
    chosen = {file.name: file for file in report.files}
    shown = {"table": "table.md", "plot": "cost.png", "page": "report.html"}
    if "cost.png" not in chosen:
        shown["plot"] = "exposure.svg"
    print(", ".join(f"{what}: {chosen[name]}" for what, name in shown.items() if name in chosen))
