"""`luts strength`: a LUT mixed with the identity."""

from __future__ import annotations

import math
from argparse import ArgumentParser, Namespace
from pathlib import Path

from ..tool.errors import UserError

EXAMPLE = "luts strength look.cube 0.5 -o half.cube"


def configure(parser: ArgumentParser) -> None:
    from .common import add_output

    parser.add_argument("lut", type=Path, help=".cube file")
    parser.add_argument("amount", type=float, help="0 changes nothing, 1 is the LUT, 2 doubles it")
    add_output(parser)


def run(args: Namespace) -> None:
    from ..algebra import strength
    from .common import one_table, read_lut, save

    if not math.isfinite(args.amount):
        raise UserError(f"the amount is a finite number, got {args.amount}")
    save(strength(one_table(read_lut(args.lut)), args.amount), args.out, args.dialect)
