"""`benchmarks verify`: recompute a sample of rows."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from luts.tool.command import PARTIAL, SUCCESS

EXAMPLE = "benchmarks verify out/bench --count 20"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, metavar="RUN", help="results folder of `benchmarks run`")
    parser.add_argument("--count", type=int, default=20, help="evaluations to recompute (20)")
    own = "your own methods, my.py:name, to run again too; others are left out"
    parser.add_argument("--methods", nargs="+", default=[], metavar="NAME", help=own)
    parser.add_argument("--seed", type=int, default=0, help="of the choice (0)")


def run(args: argparse.Namespace) -> int:
    from ..harness.elsewhere import places
    from ..harness.run_info import load_run
    from ..harness.verify import verify
    from ..methods import find_methods

    outside = find_methods(args.methods)
    checked, found = verify(args.run, count=args.count, seed=args.seed, outside=outside)
    for line in places(args.run, load_run(args.run).rows(outside)):
        print(line, file=sys.stderr)
    for m in found:
        print(f"{m.method} on {m.sample}: {m.metric} was {m.stored:.6g}, is {m.recomputed:.6g}")
    print(f"{checked} evaluations recomputed, {len(found)} values differ")
    return PARTIAL if found else SUCCESS
