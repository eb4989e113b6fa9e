"""`luts convert`: rewrite a LUT file cleanly, in either dialect, baked into one cube if asked."""

from __future__ import annotations

from argparse import ArgumentParser

from .common import add_output, add_size, add_spaces

EXAMPLE = "luts convert messy.cube -o clean.cube --dialect resolve"
TARGET = "luts.verbs.convert:run"


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("lut", help="a .cube file of either dialect, or a name of the library")
    add_size(parser, None, "bake everything into one cube of N nodes per edge")
    add_spaces(parser)
    parser.add_argument("--divide", type=float, metavar="N", help="table in code values: / 255 ...")
    parser.add_argument("--divide-domain", type=float, metavar="N", help="the same for its domain")
    parser.add_argument("--blue-fastest", action="store_true", help="its rows run blue fastest")
    add_output(parser)
