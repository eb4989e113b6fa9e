"""`benchmarks score`: score pictures made elsewhere."""

from __future__ import annotations

import argparse
from pathlib import Path

from luts.tool.command import PARTIAL, SUCCESS
from luts.tool.errors import UserError

EXAMPLE = "benchmarks score --data out/demo --predictions out/mine --name mine --out out/mine-rows"


def configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="a built data set")
    pictures = "folder of <sample id>.png, 8 or 16 bit RGB, same size as the inputs"
    add("--predictions", type=Path, required=True, metavar="DIR", help=pictures)
    add("--name", default="mine", help="what to call the method in the table")
    add("--out", type=Path, required=True, metavar="DIR", help="results folder")
    add("--split", choices=["train", "val", "test"], default="test")


def run(args: argparse.Namespace) -> int:
    from ..harness.run import run as score
    from ..methods import METHODS
    from ..report.write import write_report

    if args.name in METHODS:
        raise UserError(f"--name {args.name}: that is a method of ours; choose another name")
    if not args.predictions.is_dir():
        raise UserError(f"--predictions {args.predictions}: no such folder")
    external = {args.name: args.predictions.resolve()}
    summary = score(args.data, [], args.out, external=external, split=args.split)
    print(write_report(args.out).text)
    return PARTIAL if summary.failed else SUCCESS
