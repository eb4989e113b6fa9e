"""`luts convert`: rewrite a LUT file cleanly, in either dialect, baked into one cube if asked."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

EXAMPLE = "luts convert messy.cube -o clean.cube --dialect resolve"


def configure(parser: ArgumentParser) -> None:
    from .common import add_output, add_size

    parser.add_argument("lut", type=Path, help=".cube file of either dialect")
    add_size(parser, None, "bake everything into one cube of N nodes per edge")
    add_output(parser)


def run(args: Namespace) -> None:
    from ..algebra import compose
    from .common import check_size, read_lut, save

    lut = read_lut(args.lut)
    if args.size is not None:
        check_size(args.size)
        lut = compose(lut, size=args.size)
    save(lut, args.out, args.dialect)
