"""`luts hald`: an identity plate to edit anywhere, and the edited plate back as a LUT."""

from __future__ import annotations

import sys
from argparse import Namespace

from ..algebra import resize
from ..formats import check_output
from ..lut import Lut
from ..plate.plate import LEVELS, PATCH_LEVELS
from ..plate.read import read_plate
from ..plate.write import SQUARE_LAYOUTS, write_plate
from ..tool.errors import UserError
from .common import check_size, save, tell_loss

PROOF_LEVEL = 4  # 16 nodes in 1024 pixels


def run(args: Namespace) -> None:
    if args.read:
        _read(args)
        return

    level = args.level or (PROOF_LEVEL if args.jpeg_proof else 8)
    known = PATCH_LEVELS if args.jpeg_proof else LEVELS
    if level not in known:
        raise UserError(f"--level {level}: plates have level {known[0]} to {known[-1]}")
    layout = args.layout or "hald"
    if layout not in SQUARE_LAYOUTS:
        raise UserError(
            f"--layout {layout}: plates are written as hald or tiles; strips are only read"
        )
    write_plate(args.plate, level, layout, args.bits, jpeg_proof=args.jpeg_proof)
    print(args.plate)


def _read(args: Namespace) -> None:
    if args.out is None:
        raise UserError("--read needs -o look.cube")
    check_output(args.out, [args.plate])
    if args.size:
        check_size(args.size)
    reading = read_plate(args.plate, args.layout, flip=args.flip)
    for note in reading.notes:
        print(f"{args.plate}: {note}", file=sys.stderr)
    lut: Lut = reading.lut
    if args.size and args.size != reading.lut.size:
        lut = resize(reading.lut, args.size)
        what = f"resampled from {reading.lut.size} to {args.size} nodes"
        tell_loss(what, reading.lut, lut, lambda n: resize(reading.lut, n))
    save(lut, args.out, inputs=[args.plate])
