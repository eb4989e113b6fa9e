"""`benchmarks compare`: what changed between two runs."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from luts.tool.command import PARTIAL, SUCCESS
from luts.tool.errors import UserError

from ..report.escape import md

if TYPE_CHECKING:
    from ..report.compare import Change

EXAMPLE = "benchmarks compare out/bench out/bench-new"


def configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("before", type=Path, metavar="RUN_A")
    add("after", type=Path, nargs="?", metavar="RUN_B")
    pair = "two methods of RUN_A against each other, instead of two runs"
    add("--methods", nargs=2, metavar=("ONE", "TWO"), help=pair)
    parser.epilog = f"{parser.epilog or ''}\n\n" + (
        "The exit code is 1 when a method got worse by more than chance explains, is gone, or "
        "has fewer pairs than before."
    )


def run(args: argparse.Namespace) -> int:
    from ..report.compare import compare, versus

    if args.methods:
        runs = [args.before, *([args.after] if args.after else [])]
        changes, intervals = versus(runs, *args.methods)
        one, two = (md(name) for name in args.methods)
        print(f"| metric | {one} | {two} | difference | 95 % interval | pairs | p (Holm) |")
        print("|---|---:|---:|---:|---:|---:|---:|")
        for c in changes:
            low, high = intervals[c.metric, c.region]
            numbers = f"{c.before:.4g} | {c.after:.4g} | {c.difference:+.4g}"
            interval = "–" if math.isnan(low) else f"{low:+.3g} to {high:+.3g}"
            print(f"| {c.metric} {c.region} | {numbers} | {interval} | {_end(c)} |")
        return SUCCESS
    if args.after is None:
        raise UserError("give a second run, or --methods ONE TWO")
    found = compare(args.before, args.after)
    print("| method | metric | before | after | difference | pairs | p (Holm) | |")
    print("|---|---|---:|---:|---:|---:|---:|---|")
    for c in found.changes:
        verdict = "**worse**" if c.regressed else "same" if math.isnan(c.p_value) else ""
        numbers = f"{c.before:.4g} | {c.after:.4g} | {c.difference:+.4g} | {_end(c)}"
        print(f"| {md(c.method)} | {c.metric} {c.region} | {numbers} | {verdict} |")
    for line in found.losses:
        print(f"{line}", file=sys.stderr)
    if found.new:
        print(f"new: {', '.join(found.new)}", file=sys.stderr)
    if found.power:
        print(f"power: {found.power}", file=sys.stderr)
    return PARTIAL if found.regressed else SUCCESS


def _end(change: Change) -> str:
    """Pairs, and p where there was something to test."""
    p_value = "–" if math.isnan(change.p_value) else f"{change.p_value:.3f}"
    return f"{change.pairs} | {p_value}"
