"""`luts invert`: the LUT that undoes another, with the error it leaves."""

from __future__ import annotations

from argparse import ArgumentParser

from .common import add_output, add_size

EXAMPLE = "luts invert look.cube -o undo.cube"
TARGET = "luts.verbs.invert:run"


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("lut", help="a .cube file up to 129, or a name of the library")
    add_size(parser, 33, "nodes per edge of the inverse (default 33)")
    add_output(parser)
