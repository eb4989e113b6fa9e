"""`datagen stats`: tables and plots of what a data set holds."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..dataset.read import DataSet

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
        help="another data set: also how far it is by exposure, severity, regions and colour; "
        "or any folder of pictures: shown on the map of exposures",
    )


def run(args: argparse.Namespace) -> None:
    from ..dataset.manifest import DATASET
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
    for folder in args.beside:
        if (folder / DATASET).is_file():
            _compare(dataset, folder, args.out)


def _compare(dataset: DataSet, folder: Path, out: Path | None) -> None:
    from ..dataset.distance import distances, measured, table, write_distance
    from ..dataset.read import open_dataset

    other = open_dataset(folder)
    if out is None:
        print(table((dataset.name, other.name), distances(measured(dataset), measured(other))))
        return
    words, paths = write_distance(dataset, other, out)
    print(words)
    for path in paths:
        print(path)
