"""`luts compose`: several LUTs, one after the other, as one."""

from __future__ import annotations

from argparse import Namespace

from ..algebra import compose
from .common import check_size, read_lut, save


def run(args: Namespace) -> None:
    check_size(args.size)
    save(compose(*map(read_lut, args.lut), size=args.size), args.out, args.dialect)
