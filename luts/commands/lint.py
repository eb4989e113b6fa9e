"""`luts lint`: is a `.cube` file sound, and what do other programs make of it?"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

EXAMPLE = "luts lint downloaded/*.cube"
TARGET = "luts.verbs.lint:run"


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("lut", type=Path, nargs="+", help=".cube files")
