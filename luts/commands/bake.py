"""`luts bake`: the layers of a look file as a LUT."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from .common import add_output, add_size

EXAMPLE = "luts bake look.toml -o look.cube"
TARGET = "luts.verbs.bake:run"


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("look", type=Path, help="look file, as `luts studio` saves it")
    add_size(parser, 33, "nodes per edge (default 33)")
    parser.add_argument(
        "--curves", action="store_true", help="a 1D LUT of 4096 rows; refused if channels mix"
    )
    parser.add_argument(
        "--severity", type=float, help="scale the whole look to this mean dE00 over natural colours"
    )
    add_output(parser)
