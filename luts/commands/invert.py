"""`luts invert`: the LUT that undoes another, with the error it leaves."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from ..tool.errors import UserError

EXAMPLE = "luts invert look.cube -o undo.cube"


def configure(parser: ArgumentParser) -> None:
    from .common import add_output, add_size

    parser.add_argument("lut", type=Path, help=".cube file, cubes up to 129")
    add_size(parser, 33, "nodes per edge of the inverse (default 33)")
    add_output(parser)


def run(args: Namespace) -> None:
    from ..algebra import invert
    from .common import check_size, read_lut, save

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
    save(inverse.lut, args.out, args.dialect)
