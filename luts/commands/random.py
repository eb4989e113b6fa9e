"""`luts random`: draw a distortion of a family and write it as a LUT."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

EXAMPLE = "luts random film --seed 7 --severity 6 -o film-7.cube"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("family", help="see `luts list families`")
    parser.add_argument("-o", "--out", required=True, type=Path, help="the .cube to write")
    parser.add_argument("--seed", type=int, default=0, help="the same seed draws the same LUT")
    parser.add_argument(
        "--severity",
        type=float,
        help="mean dE00 over natural colours, usually 2 to 12; as drawn when not given",
    )
    parser.add_argument("--size", type=int, default=33, help="nodes per axis (33)")
    parser.add_argument("--extreme", action="store_true", help="allow severities above 12")
    parser.add_argument(
        "--lut", dest="source", help="the LUT of the family file: a library name or a .cube"
    )


def run(args: argparse.Namespace) -> None:
    from ..cube.file import write_cube
    from ..families import draw
    from ..lut import MAX_SIZE_3D
    from ..measure import severity
    from ..tool.errors import UserError

    if not 2 <= args.size <= MAX_SIZE_3D:
        raise UserError(f"--size {args.size}: a 3D LUT has 2 to {MAX_SIZE_3D} nodes per axis")
    distortion = draw(
        args.family,
        seed=args.seed,
        severity=args.severity,
        extreme=args.extreme,
        source=args.source,
    )
    lut = distortion.bake(args.size)
    write_cube(lut, args.out)
    found = severity(lut)
    print(
        f"{found.mean:.2f} mean dE00, {found.p95:.2f} p95, {found.clipped:.1%} clipped, "
        f"{found.folded:.2%} folded",
        file=sys.stderr,
    )
    print(args.out)
