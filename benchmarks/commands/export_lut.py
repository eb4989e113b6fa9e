"""`benchmarks export-lut`: what a model does to one picture, as a .cube for other programs."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "benchmarks export-lut image_adaptive_lut photo.jpg -o look.cube"


def configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("method", help="a trained model whose effect is one colour map")
    add("picture", type=Path, help="what the model looks at; sRGB")
    add("-o", "--out", type=Path, required=True, metavar="CUBE", help=".cube file to write")
    baked = "bake into one cube of N nodes an edge, for programs without shaper curves"
    add("--size", type=int, metavar="N", help=baked)


def run(args: argparse.Namespace) -> None:
    from luts import write_cube
    from luts.lut import ShapedLut
    from luts.verbs.common import check_size

    from ..methods.models.export import colour_map

    if args.size is not None:
        check_size(args.size)
    lut = colour_map(args.method, args.picture, size=args.size)
    write_cube(lut, args.out, "resolve" if isinstance(lut, ShapedLut) else "iridas")
    print(args.out)
