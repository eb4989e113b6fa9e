"""`datagen preview`: one offline HTML page of a data set."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "datagen preview out/demo"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="folder of a built data set")
    parser.add_argument(
        "-o", "--out", type=Path, help="the page's file (default preview.html in the folder)"
    )
    parser.add_argument("--scenes", type=int, default=60, help="how many to show; 0 is all (60)")


def run(args: argparse.Namespace) -> None:
    from ..dataset.preview import write_preview
    from ..dataset.read import open_dataset

    out = args.out or args.folder / "preview.html"
    print(write_preview(open_dataset(args.folder), out, scenes=max(args.scenes, 0)))
