"""`luts preview`: one sheet of LUTs on a photograph, a ramp, a chart and in 3D."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "luts preview tungsten parking-garage my-look.cube -o sheet.png"
TARGET = "luts.verbs.preview:run"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("lut", nargs="*", help="names or .cube files; the whole library if none")
    parser.add_argument("-o", "--out", required=True, type=Path, help="the .png to write")
    parser.add_argument("--photo", type=Path, help="a PNG, TIFF or JPEG of yours")
    parser.add_argument("--columns", type=int, default=4, help="cards in a row (4)")
    parser.add_argument("--dpi", type=int, default=100, help="100: a card is 430 x 295 pixels")
