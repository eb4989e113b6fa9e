"""`luts lint`: is a `.cube` file sound, and what do other programs make of it?"""

from __future__ import annotations

from argparse import ArgumentParser

EXAMPLE = "luts lint downloaded/*.cube"
TARGET = "luts.verbs.lint:run"


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("lut", nargs="+", help=".cube files, names of the library, or folders")
