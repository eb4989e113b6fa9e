"""`luts hald`: an identity plate to edit anywhere, and the edited plate back as a LUT."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from ..tool.errors import UserError

EXAMPLE = "luts hald plate.png && luts hald --read edited.png -o look.cube"


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("plate", type=Path, help=".png or .tif: written, or read with --read")
    parser.add_argument("--read", action="store_true", help="read an edited plate into a LUT")
    parser.add_argument(
        "--level", type=int, default=8, help="2 to 16, to write (default 8: 512 px)"
    )
    parser.add_argument(
        "--bits", type=int, choices=(8, 16), default=16, help="to write (default 16)"
    )
    parser.add_argument(
        "--layout",
        choices=("hald", "tiles", "strip"),
        help="to write: hald (default) or tiles; to read: found out when not given",
    )
    parser.add_argument("-o", "--out", type=Path, help=".cube file to write with --read")
    parser.add_argument(
        "--size", type=int, help="nodes per edge of that file (default: the plate's)"
    )


def run(args: Namespace) -> None:
    if args.read:
        _read(args)
        return
    from ..plate.hald import write_plate
    from ..plate.plate import LEVELS

    if args.level not in LEVELS:
        raise UserError(f"--level {args.level}: plates have level {LEVELS[0]} to {LEVELS[-1]}")
    if args.layout == "strip":
        raise UserError("--layout strip: plates are written as hald or tiles; strips are only read")
    write_plate(args.plate, args.level, args.layout or "hald", args.bits)
    print(args.plate)


def _read(args: Namespace) -> None:
    from ..algebra import resize
    from ..plate.hald import read_plate
    from .common import check_size, save

    if args.out is None:
        raise UserError("--read needs -o look.cube")
    if args.size:
        check_size(args.size)
    reading = read_plate(args.plate, args.layout)
    for note in reading.notes:
        print(f"{args.plate}: {note}", file=sys.stderr)
    save(resize(reading.lut, args.size) if args.size else reading.lut, args.out)
