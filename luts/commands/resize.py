"""`luts resize`: the same LUT on another number of nodes."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

EXAMPLE = "luts resize look.cube --size 33 -o look33.cube"


def configure(parser: ArgumentParser) -> None:
    from .common import add_output, add_size

    parser.add_argument("lut", type=Path, help=".cube file")
    add_size(parser, 33, "nodes per edge of the cube, or rows of the curves (default 33)")
    add_output(parser)


def run(args: Namespace) -> None:
    from ..algebra import resize
    from .common import check_size, read_lut, save

    check_size(args.size)
    save(resize(read_lut(args.lut), args.size), args.out, args.dialect)
