"""`luts invert`: the LUT that undoes another, with the error it leaves."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from .common import add_output, add_size

EXAMPLE = "luts invert look.cube -o undo.cube"
TARGET = "luts.verbs.invert:run"


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("lut", type=Path, help=".cube file, cubes up to 129")
    add_size(parser, 33, "nodes per edge of the inverse (default 33)")
    add_output(parser)
