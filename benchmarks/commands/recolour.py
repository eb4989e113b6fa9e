"""`benchmarks recolour`: a picture through the latents of an autoencoder, again and again."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from luts.tool.errors import UserError

EXAMPLE = "benchmarks recolour photo.jpg -o fixed.png --cube fixed.cube --iterations 3"


def configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("picture", type=Path, help="8 or 16 bit, sRGB")
    add("-o", "--out", type=Path, required=True, metavar="PICTURE", help="PNG, TIFF or JPEG")
    add("--cube", type=Path, metavar="CUBE", help="write what was done as a .cube file too")
    add("--iterations", type=int, default=2, metavar="N", help="how often to recolour (2)")
    kinds = "how colours are mapped: mlp, polynomial or lut (polynomial)"
    add("--colour-map", metavar="KIND", help=kinds)
    add("--trajectory", type=Path, metavar="PICTURE", help="plot exposure and colour on the way")


def run(args: argparse.Namespace) -> None:
    import torch

    from datagen.images.codes import quantise, to_float
    from datagen.images.files import read_image, write_image
    from luts import apply, write_cube

    from ..methods.models.checkpoints import load
    from ..report.recolour_plot import plot_trajectories

    picture = read_image(args.picture)
    if picture.ndim != 3:
        raise UserError(f"{args.picture}: a grey picture; recolouring needs RGB")
    encoded = to_float(picture)
    settings = {"iterations": args.iterations}
    if args.colour_map:
        settings["colour_map"] = args.colour_map
    model, _ = load("vae_recolour", **settings)
    (found,) = model.recolour(torch.from_numpy(encoded).permute(2, 0, 1)[None])
    if found.note:
        print(f"{args.picture}: {found.note}; its colours stay as they are", file=sys.stderr)
    recoloured = apply(found.cube, encoded, "trilinear")
    write_image(args.out, quantise(recoloured, 8 * picture.dtype.itemsize))
    print(args.out)
    if args.cube:
        write_cube(found.cube, args.cube)
        print(args.cube)
    if args.trajectory:
        plot_trajectories({args.picture.name: found.thumbnails}, args.trajectory)
        print(args.trajectory)
