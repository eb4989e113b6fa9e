"""`luts convert`: rewrite a LUT file cleanly, in either dialect, baked into one cube if asked."""

from __future__ import annotations

from argparse import Namespace

from ..algebra import compose
from .common import check_size, read_lut, save


def run(args: Namespace) -> None:
    lut = read_lut(args.lut)
    if args.size is not None:
        check_size(args.size)
        lut = compose(lut, size=args.size)
    save(lut, args.out, args.dialect)
