"""`luts bake`: the layers of a look file as a LUT."""

from __future__ import annotations

import sys
from argparse import Namespace

from ..look import named, read_look, to_severity
from ..measure import severity
from .common import check_size, save


def run(args: Namespace) -> None:
    check_size(args.size)
    look = read_look(args.look)
    with named(args.look):
        if args.severity is not None:
            look = to_severity(look, args.severity)
            print(f"amount {look.amount:g}", file=sys.stderr)
        lut = look.bake_curves() if args.curves else look.bake(args.size)
    found = severity(lut)
    print(
        f"{found.mean:.2f} mean dE00, {found.p95:.2f} p95, {found.clipped:.1%} clipped, "
        f"{found.folded:.2%} folded",
        file=sys.stderr,
    )
    save(lut, args.out, args.dialect)
