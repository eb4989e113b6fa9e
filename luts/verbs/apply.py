"""`luts apply`: put a picture through a LUT."""

from __future__ import annotations

import sys
from argparse import Namespace

from ..fitting import read_coverage, unseen_share
from ..lookup import apply
from ..pictures import check_suffix, read_picture, write_picture
from ..tool.errors import UserError
from .common import read_lut


def run(args: Namespace) -> None:
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
