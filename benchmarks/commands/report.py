"""`benchmarks report`: rows to tables, plots and a page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

EXAMPLE = "benchmarks report out/bench"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, metavar="RUN", help="results folder of `benchmarks run`")


def run(args: argparse.Namespace) -> None:
    from ..report.write import write_report

    report = write_report(args.run)
    print(report.text)
    print(f"report: {', '.join(map(str, report.files))}", file=sys.stderr)
