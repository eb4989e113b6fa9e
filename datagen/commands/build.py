"""`datagen build`: make a data set, or go on with one."""

from __future__ import annotations

import argparse
import os
import sys

from .common import add_recipe

EXAMPLE = "datagen build demo -o out/demo"


def configure(parser: argparse.ArgumentParser) -> None:
    add_recipe(parser)
    parser.add_argument(
        "-o",
        "--out",
        required=True,
        help="folder of the data set, or a URL that fsspec knows: s3://bucket/set",
    )
    parser.add_argument(
        "-j", "--jobs", type=int, default=os.cpu_count() or 1, help="worker processes"
    )
    parser.add_argument("--engine", default="local", help="local (default), serial, dask, ray")
    parser.add_argument(
        "--memory-gb",
        type=float,
        default=8.0,
        help="most a worker may use; 0 is no limit (default 8)",
    )
    parser.add_argument(
        "--deadline",
        type=float,
        default=0.0,
        metavar="S",
        help="seconds of processor time a scene may take; 0 is by size",
    )


def run(args: argparse.Namespace) -> int:
    from luts.tool.command import INTERRUPTED, PARTIAL, SUCCESS

    from ..build.driver import Resources, build
    from ..recipe.load import load_recipe

    resources = Resources(
        args.engine, args.jobs, memory=int(args.memory_gb * 2**30), deadline_s=args.deadline
    )
    summary = build(load_recipe(args.recipe, args.set, code=args.code), args.out, resources)
    for line in summary.notes:
        print(f"note: {line}", file=sys.stderr)
    for line in summary.failures:
        print(f"failed: {line}", file=sys.stderr)
    failed = sum(summary.failed.values())
    noted = f", {summary.noted} scenes with notes" if summary.noted else ""
    print(
        f"{summary.made} samples made, {summary.reused} kept, {failed} failed{noted} "
        f"in {summary.seconds:.1f} s; data set {summary.hash[:16] or 'not complete: build again'}",
        file=sys.stderr,
    )
    print(summary.place)
    if summary.interrupted:
        return INTERRUPTED
    return PARTIAL if failed else SUCCESS
