"""`luts apply`: put a picture through a LUT."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from ..tool.errors import UserError

EXAMPLE = "luts apply look.cube photo.png -o graded.png"


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("lut", type=Path, help=".cube file")
    parser.add_argument("picture", type=Path, help="PNG, TIFF or JPEG, 8 or 16 bits, sRGB")
    parser.add_argument("-o", "--out", type=Path, required=True, help="picture to write")
    parser.add_argument(
        "--interpolation",
        choices=("tetrahedral", "trilinear"),
        default="tetrahedral",
        help="rule inside a cube (default tetrahedral: keeps greys grey)",
    )


def run(args: Namespace) -> None:
    from ..fitting import read_coverage, unseen_share
    from ..lookup import apply
    from ..pictures import check_suffix, read_picture, write_picture
    from .common import read_lut

    check_suffix(args.out)
    lut = read_lut(args.lut)
    picture = read_picture(args.picture)
    if not picture.info.is_srgb:
        tag = picture.info.profile or f"gamma {picture.info.gamma:g}"
        raise UserError(f"{args.picture}: tagged {tag!r}; convert it to sRGB first")
    coverage = read_coverage(args.lut)
    if coverage is not None and (unseen := unseen_share(coverage, picture.pixels)) > 0.01:
        print(f"{unseen:.0%} of this picture's colours were not in the fit", file=sys.stderr)
    result = apply(lut, picture.pixels, args.interpolation)
    write_picture(args.out, result, picture.alpha)
    print(args.out)
