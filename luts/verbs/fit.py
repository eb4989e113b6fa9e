"""`luts fit`: the LUT between a picture before and after an edit."""

from __future__ import annotations

import sys
from argparse import Namespace

from ..fitting import fit, write_coverage
from ..pictures import read_picture
from .common import save, say_what_changed


def run(args: Namespace) -> None:
    pair = [read_picture(path) for path in (args.before, args.after)]
    for path, picture in zip((args.before, args.after), pair, strict=True):
        say_what_changed(path, picture.info)
    fitted = fit(pair[0].pixels, pair[1].pixels, args.size)
    for note in fitted.notes:
        print(note, file=sys.stderr)
    print(
        f"{fitted.coverage.mean():.0%} of the nodes were seen; "
        f"misfit {fitted.error:.2f} levels, {fitted.spread:.2f} beyond any LUT",
        file=sys.stderr,
    )
    save(fitted.lut, args.out, args.dialect)
    write_coverage(fitted, args.out)
