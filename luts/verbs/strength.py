"""`luts strength`: a LUT mixed with the identity."""

from __future__ import annotations

import math
from argparse import Namespace

from ..algebra import strength
from ..tool.errors import UserError
from .common import one_table, read_lut, save


def run(args: Namespace) -> None:
    if not math.isfinite(args.amount):
        raise UserError(f"the amount is a finite number, got {args.amount}")
    save(strength(one_table(read_lut(args.lut)), args.amount), args.out, args.dialect)
