"""`luts resize`: the same LUT on another number of nodes."""

from __future__ import annotations

from argparse import Namespace

from ..algebra import resize
from .common import check_size, read_lut, save


def run(args: Namespace) -> None:
    check_size(args.size)
    save(resize(read_lut(args.lut), args.size), args.out, args.dialect)
