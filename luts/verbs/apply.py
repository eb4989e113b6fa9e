"""`luts apply`: put a picture through a LUT."""

from __future__ import annotations

import sys
from argparse import Namespace

from ..fitting import read_coverage, unseen_share
from ..lookup import apply
from ..pictures import check_suffix, read_picture, write_picture
from .common import read_lut, say_what_changed


def run(args: Namespace) -> None:
    check_suffix(args.out)
    lut = read_lut(args.lut)
    picture = read_picture(args.picture)
    say_what_changed(args.picture, picture.info)
    coverage = read_coverage(args.lut)
    if coverage is not None and (unseen := unseen_share(coverage, picture.pixels)) > 0.01:
        print(f"{unseen:.0%} of this picture's colours were not in the fit", file=sys.stderr)
    result = apply(lut, picture.pixels, args.interpolation)
    write_picture(args.out, result, picture.alpha)
    print(args.out)
