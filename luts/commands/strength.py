"""`luts strength`: a LUT mixed with the identity."""

from __future__ import annotations

from argparse import ArgumentParser

from .common import add_output

EXAMPLE = "luts strength look.cube 0.5 -o half.cube"
TARGET = "luts.verbs.strength:run"


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("lut", help="a .cube file, or a name of the library")
    parser.add_argument("amount", type=float, help="0 changes nothing, 1 is the LUT, 2 doubles it")
    add_output(parser)
