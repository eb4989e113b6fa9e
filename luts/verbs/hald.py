"""`luts hald`: an identity plate to edit anywhere, and the edited plate back as a LUT."""

from __future__ import annotations

import sys
from argparse import Namespace

from ..algebra import resize
from ..formats import check_output
from ..lut import Lut
from ..plate.hald import read_plate, write_plate
from ..plate.plate import LEVELS
from ..tool.errors import UserError
from .common import check_size, save, tell_loss


def run(args: Namespace) -> None:
    if args.read:
        _read(args)
        return

    if args.level not in LEVELS:
        raise UserError(f"--level {args.level}: plates have level {LEVELS[0]} to {LEVELS[-1]}")
    if args.layout == "strip":
        raise UserError("--layout strip: plates are written as hald or tiles; strips are only read")
    write_plate(args.plate, args.level, args.layout or "hald", args.bits)
    print(args.plate)


def _read(args: Namespace) -> None:
    if args.out is None:
        raise UserError("--read needs -o look.cube")
    check_output(args.out, [args.plate])
    if args.size:
        check_size(args.size)
    reading = read_plate(args.plate, args.layout)
    for note in reading.notes:
        print(f"{args.plate}: {note}", file=sys.stderr)
    lut: Lut = reading.lut
    if args.size and args.size != reading.lut.size:
        lut = resize(reading.lut, args.size)
        what = f"resampled from {reading.lut.size} to {args.size} nodes"
        tell_loss(what, reading.lut, lut, lambda n: resize(reading.lut, n))
    save(lut, args.out, inputs=[args.plate])
