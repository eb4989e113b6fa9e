"""`luts severity`: how strong a LUT is, and what of it can be undone."""

from __future__ import annotations

import argparse

EXAMPLE = "luts severity tungsten my-look.cube"
TARGET = "luts.verbs.severity:run"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("lut", nargs="+", help="a name of the library or a .cube")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
