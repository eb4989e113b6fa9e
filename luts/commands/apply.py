"""`luts apply`: put a picture through a LUT."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

EXAMPLE = "luts apply look.cube photo.png -o graded.png"
TARGET = "luts.verbs.apply:run"


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("lut", help="a .cube file, or a name of the library")
    parser.add_argument("picture", type=Path, help="PNG, TIFF, JPEG or WebP, 8 or 16 bits")
    parser.add_argument("-o", "--out", type=Path, required=True, help="picture to write")
    parser.add_argument(
        "--interpolation",
        choices=("tetrahedral", "trilinear"),
        default="tetrahedral",
        help="rule inside a cube (default tetrahedral: keeps greys grey)",
    )
