"""`datagen stats`: tables and plots of what a data set holds."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "datagen stats out/demo -o out/demo_stats"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="folder of a built data set")
    parser.add_argument("-o", "--out", type=Path, help="write tables and plots there")
    parser.add_argument(
        "--beside",
        type=Path,
        action="append",
        default=[],
        metavar="FOLDER",
        help="show another folder's pictures on the map of exposures",
    )


def run(args: argparse.Namespace) -> None:
    from ..dataset.read import open_dataset
    from ..dataset.stats import StatsError, counts, write_stats

    for folder in args.beside:
        if not folder.is_dir():
            raise StatsError(f"--beside {folder}: no such folder")
    dataset = open_dataset(args.folder)
    for what, counter in counts(dataset).items():
        print(f"{what}:")
        for value, number in sorted(counter.items()):
            print(f"  {number:8d}  {value}")
    if args.out:
        for path in write_stats(dataset, args.out, args.beside):
            print(path)
