"""`luts random`: draw a distortion of a family and write it as a LUT."""

from __future__ import annotations

import argparse
import sys

from ..families import draw
from ..lut import MAX_SIZE_3D
from ..measure import severity
from ..tool.errors import UserError
from .common import save


def run(args: argparse.Namespace) -> None:
    if not 2 <= args.size <= MAX_SIZE_3D:
        raise UserError(f"--size {args.size}: a 3D LUT has 2 to {MAX_SIZE_3D} nodes per axis")
    distortion = draw(
        args.family,
        seed=args.seed,
        severity=args.severity,
        extreme=args.extreme,
        source=args.source,
        size=args.size,
    )
    lut = distortion.bake(args.size)
    found = severity(lut)
    print(
        f"{found.mean:.2f} mean dE00, {found.p95:.2f} p95, {found.clipped:.1%} clipped, "
        f"{found.folded:.2%} folded",
        file=sys.stderr,
    )
    save(lut, args.out)
