"""`luts strength`: a LUT mixed with the identity."""

from __future__ import annotations

import math
from argparse import Namespace

import numpy as np

from ..algebra import strength
from ..lookup import apply
from ..lut import ShapedLut, stages
from ..tool.errors import UserError
from .common import read_lut, save, tell_loss


def run(args: Namespace) -> None:
    if not math.isfinite(args.amount):
        raise UserError(f"the amount is a finite number, got {args.amount}")
    lut = read_lut(args.lut)
    try:
        mixed = strength(lut, args.amount)
    except ValueError as error:
        raise UserError(f"{args.lut}: {error}") from None
    if isinstance(lut, ShapedLut):

        def exact(encoded: np.ndarray) -> np.ndarray:
            inside = np.clip(encoded, lut.shaper.domain_min, lut.shaper.domain_max)
            return inside + args.amount * (apply(lut, encoded.astype(np.float32)) - inside)

        tell_loss("mixed behind the curves", exact, mixed, domain=stages(lut)[0])
    save(mixed, args.out, args.dialect, [args.lut])
