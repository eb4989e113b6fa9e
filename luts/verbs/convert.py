"""`luts convert`: rewrite a LUT file cleanly, in either dialect, baked into one cube if asked."""

from __future__ import annotations

from argparse import Namespace

from ..algebra import compose
from .common import check_size, read_lut, save, tell_loss


def run(args: Namespace) -> None:
    lut = read_lut(args.lut)
    if args.size is not None:
        check_size(args.size)
        exact, lut = lut, compose(lut, size=args.size)
        tell_loss(
            f"baked into one cube of {args.size}", exact, lut, lambda n: compose(exact, size=n)
        )
    save(lut, args.out, args.dialect)
