"""`luts info`: what a LUT file holds, how strong it is, and what it destroys."""

from __future__ import annotations

from argparse import ArgumentParser

EXAMPLE = "luts info look.cube"
TARGET = "luts.verbs.info:run"


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("lut", nargs="+", help=".cube files, names of the library, or pictures")
