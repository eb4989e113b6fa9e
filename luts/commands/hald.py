"""`luts hald`: an identity plate to edit anywhere, and the edited plate back as a LUT."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction
from pathlib import Path

EXAMPLE = "luts hald plate.png && luts hald --read edited.png -o look.cube"
TARGET = "luts.verbs.hald:run"


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("plate", type=Path, help=".png or .tif: written, or read with --read")
    parser.add_argument("--read", action="store_true", help="read an edited plate into a LUT")
    parser.add_argument("--level", type=int, help="2 to 16, to write (default 8: 512 px)")
    parser.add_argument(
        "--bits", type=int, choices=(8, 16), default=16, help="to write (default 16)"
    )
    parser.add_argument(
        "--layout",
        choices=("hald", "tiles", "strip", "column", "grid"),
        help="to write: hald (default) or tiles; to read: found out when not given",
    )
    parser.add_argument(
        "--jpeg-proof",
        action="store_true",
        help="to write: patches that survive JPEG, for phone apps; level 2 to 6 (default 4)",
    )
    parser.add_argument(
        "--flip",
        action=BooleanOptionalAction,
        help="to read: put a mirrored or turned picture right, or keep it as an edit",
    )
    parser.add_argument("-o", "--out", type=Path, help=".cube file to write with --read")
    parser.add_argument(
        "--size", type=int, help="nodes per edge of that file (default: the plate's)"
    )
