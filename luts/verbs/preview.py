"""`luts preview`: one sheet of LUTs on a photograph, a ramp, a chart and in 3D."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from ..library import names
from ..lut import Lut
from ..pictures import read_picture
from ..preview import PHOTO, sheet
from ..tool.errors import UserError
from ..tool.files import whole_file
from .common import each, read_lut, say_what_changed


def run(args: argparse.Namespace) -> int:
    """1 when any of the LUTs had to be left out."""
    if args.columns < 1:
        raise UserError(f"--columns {args.columns}: at least one card stands in a row")
    if not 20 <= args.dpi <= 600:
        raise UserError(f"--dpi {args.dpi}: 20 to 600 pixels per inch are drawn")
    if args.out.suffix.lower() != ".png":
        raise UserError(f"{args.out}: the sheet is a PNG; give a name that ends in .png")
    photo = read_picture(args.photo or PHOTO)
    say_what_changed(args.photo or PHOTO, photo.info)
    pixels = photo.pixels
    if pixels.dtype != np.uint8:  # a sheet has eight bits
        pixels = np.rint(pixels / np.float32(257)).astype(np.uint8)
    luts: list[tuple[str, Lut]] = []
    failed = each(
        "luts preview",
        args.lut or names(),
        lambda name: luts.append((Path(name).stem, read_lut(name))),
    )
    if not luts:
        return failed
    figure = sheet(luts, pixels, columns=args.columns, dpi=args.dpi)
    with whole_file(args.out) as scratch:
        figure.savefig(scratch, facecolor=figure.get_facecolor())
    print(args.out)
    return failed
