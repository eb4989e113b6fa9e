"""`luts resize`: the same LUT on another number of nodes."""

from __future__ import annotations

from argparse import ArgumentParser

from .common import add_output, add_size

EXAMPLE = "luts resize look.cube --size 33 -o look33.cube"
TARGET = "luts.verbs.resize:run"


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("lut", help="a .cube file, or a name of the library")
    add_size(parser, None, "nodes per edge (default 33), or rows of curves (default: their own)")
    add_output(parser)
