"""`luts resize`: the same LUT on another number of nodes."""

from __future__ import annotations

from argparse import Namespace

from ..algebra import resize
from ..lut import Lut1D
from .common import check_size, read_lut, save, tell_loss


def run(args: Namespace) -> None:
    lut = read_lut(args.lut)
    size = args.size or (lut.size if isinstance(lut, Lut1D) else 33)
    check_size(size, lut)
    resized = resize(lut, size)
    tell_loss(f"resampled to {size}", lut, resized, lambda n: resize(lut, n))
    save(resized, args.out, args.dialect, [args.lut])
