"""`luts invert`: the LUT that undoes another, with the error it leaves."""

from __future__ import annotations

import sys
from argparse import Namespace

from ..algebra import invert
from ..tool.errors import UserError
from .common import check_size, read_lut, save

WORTH_TELLING = 0.01


def run(args: Namespace) -> None:
    check_size(args.size)
    try:
        inverse = invert(read_lut(args.lut), args.size)
    except ValueError as error:
        raise UserError(f"{args.lut}: {error}") from None
    print(
        f"there and back: CIEDE2000 mean {inverse.delta_e_mean:.2f}, "
        f"p95 {inverse.delta_e_p95:.2f}; "
        f"{inverse.clipped:.1%} of the colours are clipped and do not come back",
        file=sys.stderr,
    )
    if inverse.merged > WORTH_TELLING:
        print(
            f"{inverse.merged:.1%} more come back as other colours: different inputs have one "
            "output there, and an inverse can give only one of them",
            file=sys.stderr,
        )
    save(inverse.lut, args.out, args.dialect, [args.lut])
