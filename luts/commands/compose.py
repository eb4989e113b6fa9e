"""`luts compose`: several LUTs, one after the other, as one."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

EXAMPLE = "luts compose fade.cube tungsten.cube -o both.cube"


def configure(parser: ArgumentParser) -> None:
    from .common import add_output, add_size

    parser.add_argument("lut", type=Path, nargs="+", help=".cube files in the order of application")
    add_size(parser, 33, "nodes per edge of the result (default 33)")
    add_output(parser)


def run(args: Namespace) -> None:
    from ..algebra import compose
    from .common import check_size, read_lut, save

    check_size(args.size)
    save(compose(*map(read_lut, args.lut), size=args.size), args.out, args.dialect)
