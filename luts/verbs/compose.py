"""`luts compose`: several LUTs, one after the other, as one."""

from __future__ import annotations

import sys
from argparse import Namespace

from ..algebra import compose, in_turn, join
from ..lut import Lut1D, ShapedLut, stages
from .common import check_size, describe, read_lut, save, tell_loss


def run(args: Namespace) -> None:
    check_size(args.size)
    luts = [read_lut(source) for source in args.lut]
    joined = join(*luts, size=args.size)
    if isinstance(joined, ShapedLut) and args.dialect == "iridas":
        joined = compose(*luts, size=args.size)
    elif isinstance(joined, ShapedLut) and len(luts) > 1:
        print(f"curves kept, a cube alone would lose colours: {describe(joined)}", file=sys.stderr)
    if len(luts) > 1:
        exact = in_turn(*luts)
        tell_loss(
            f"in a row, {describe(joined)}",
            exact,
            joined,
            None if isinstance(joined, Lut1D) else lambda n: join(*luts, size=n),
            domain=stages(luts[0])[0],
        )
    save(joined, args.out, args.dialect, args.lut)
