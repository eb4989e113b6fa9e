"""`luts compose`: several LUTs, one after the other, as one."""

from __future__ import annotations

from argparse import ArgumentParser

from .common import add_output, add_size

EXAMPLE = "luts compose fade.cube tungsten.cube -o both.cube"
TARGET = "luts.verbs.compose:run"


def configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "lut", nargs="+", help=".cube files or names of the library, in the order of application"
    )
    add_size(parser, 33, "nodes per edge of the result (default 33)")
    add_output(parser)
