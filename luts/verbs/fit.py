"""`luts fit`: the LUT between a picture before and after an edit."""

from __future__ import annotations

import sys
from argparse import Namespace

from ..fitting import fit_pairs, write_coverage
from ..formats import check_output
from ..pictures import read_picture
from ..tool.errors import UserError
from .common import save, say_what_changed


def run(args: Namespace) -> None:
    check_output(args.out, args.picture)
    if len(args.picture) % 2:
        raise UserError(f"pictures come in pairs, before and after; got {len(args.picture)}")
    pixels = []
    for path in args.picture:
        picture = read_picture(path)
        say_what_changed(path, picture.info)
        pixels.append(picture.pixels)
    fitted = fit_pairs(list(zip(pixels[::2], pixels[1::2], strict=True)), args.size)
    for note in fitted.notes:
        print(note, file=sys.stderr)
    print(
        f"{fitted.coverage.mean():.0%} of the nodes were seen; "
        f"misfit {fitted.error:.2f} levels, {fitted.spread:.2f} beyond any LUT",
        file=sys.stderr,
    )
    save(fitted.lut, args.out, args.dialect, args.picture)
    write_coverage(fitted, args.out)
