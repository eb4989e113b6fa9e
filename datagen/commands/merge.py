"""`datagen merge`: one data set of several, checked for leaks between splits."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "datagen merge out/fivek out/phone -o out/both"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folders", nargs="+", type=Path, help="folders of built data sets")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder to make")
    parser.add_argument("--name", default="", help="of the new set (those of the parts, joined)")


def run(args: argparse.Namespace) -> None:
    import sys

    from ..dataset.derive import merge

    head = merge(args.folders, args.out, name=args.name)
    made = sum(counts.get("ok", 0) for counts in head.samples.values())
    print(f"{made} samples; data set {head.hash[:16]}", file=sys.stderr)
    print(args.out)
