"""`luts apply`: put a picture through a LUT."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from .common import add_spaces

EXAMPLE = "luts apply look.cube photo.png -o graded.png"
TARGET = "luts.verbs.apply:run"


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("lut", help="a LUT file, or a name of the library")
    parser.add_argument(
        "picture", type=Path, nargs="+", help="PNG, TIFF, JPEG or WebP, 8 or 16 bits; or folders"
    )
    parser.add_argument(
        "-o", "--out", type=Path, required=True, help="picture to write; a folder for several"
    )
    add_spaces(parser)
    parser.add_argument(
        "--bits", type=int, choices=(8, 16), help="to write (default: the picture's own)"
    )
    parser.add_argument("--dither", action="store_true", help="noise against banding at 8 bits")
    parser.add_argument(
        "--interpolation",
        choices=("tetrahedral", "trilinear"),
        default="tetrahedral",
        help="rule inside a cube (default tetrahedral: keeps greys grey)",
    )
