"""`benchmarks report`: rows to tables, plots and a page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

EXAMPLE = "benchmarks report out/bench --by ev --published"
SPLITS = ("ev", "exposure", "coverage", "distortion", "severity", "mask")


def configure(parser: argparse.ArgumentParser) -> None:
    several = "results folders of `benchmarks run`; several make one table"
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help=several)
    where = "folder to write into (default: the first RUN)"
    parser.add_argument("-o", "--out", type=Path, metavar="DIR", help=where)
    own = "your own methods, my.py:name, to be run again for pictures"
    parser.add_argument("--methods", nargs="+", default=[], metavar="NAME", help=own)
    parser.add_argument(
        "--columns",
        nargs="+",
        metavar="METRIC:REGION",
        help="columns of the tables, such as psnr:A ev_bias:B (default: what was measured)",
    )
    parser.add_argument(
        "--by", nargs="+", default=[], choices=SPLITS, help="a table for every part of a split"
    )
    parser.add_argument(
        "--published", action="store_true", help="add the papers' own numbers, kept apart"
    )


def run(args: argparse.Namespace) -> None:
    from ..methods import find_methods
    from ..report.names import read_columns
    from ..report.write import write_report

    columns = read_columns(args.columns) if args.columns else None
    outside = find_methods(args.methods)
    report = write_report(
        args.runs,
        out=args.out,
        columns=columns,
        by=args.by,
        published=args.published,
        outside=outside,
    )
    for line in report.notes:
        print(line, file=sys.stderr)
    print(report.text)
    chosen = {file.name: file for file in report.files}
    shown = {"table": "table.md", "plot": "cost.png", "page": "report.html"}
    if "cost.png" not in chosen:
        shown["plot"] = "exposure.svg"
    print(", ".join(f"{what}: {chosen[name]}" for what, name in shown.items() if name in chosen))
