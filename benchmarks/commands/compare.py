"""`benchmarks compare`: what changed between two runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from luts.tool.command import PARTIAL, SUCCESS

EXAMPLE = "benchmarks compare out/bench out/bench-new"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("before", type=Path, metavar="RUN_A")
    parser.add_argument("after", type=Path, metavar="RUN_B")
    parser.epilog += "\n\nThe exit code is 1 when a method got worse by more than chance explains."


def run(args: argparse.Namespace) -> int:
    from ..report.compare import compare

    changes = compare(args.before, args.after)
    print("| method | metric | before | after | difference | p (Holm) | |")
    print("|---|---|---:|---:|---:|---:|---|")
    for change in changes:
        verdict = "**worse**" if change.regressed else ""
        numbers = f"{change.before:.4g} | {change.after:.4g} | {change.difference:+.4g}"
        label = f"{change.method} | {change.metric} {change.region}"
        print(f"| {label} | {numbers} | {change.p_value:.3f} | {verdict} |")
    return PARTIAL if any(change.regressed for change in changes) else SUCCESS
