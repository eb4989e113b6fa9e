"""`luts fit`: the LUT between a picture before and after an edit."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from .common import add_output, add_size

EXAMPLE = "luts fit before.png after.png -o look.cube"
TARGET = "luts.verbs.fit:run"


def configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "picture",
        type=Path,
        nargs="+",
        help="picture as it was, and the same picture edited; more such pairs see more colours",
    )
    add_size(parser, 17, "nodes per edge, 3 to 41 (default 17)")
    add_output(parser)
