"""`benchmarks apply`: any row of the table on your own photos."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from luts.tool.command import PARTIAL, SUCCESS
from luts.tool.errors import UserError

from .common import add_settings, read_settings

EXAMPLE = "benchmarks apply light_grid photo.jpg -o fixed.jpg"


def configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("method", metavar="METHOD", help="a row of `benchmarks list`, or my.py:name")
    pictures = "files or folders of pictures of any size; turned upright, converted to sRGB"
    add("pictures", nargs="+", type=Path, metavar="PICTURE", help=pictures)
    out = "file for one picture, folder for several (default: none, with --cube)"
    add("-o", "--out", type=Path, metavar="OUT", help=out)
    mask = "where to correct: grey, white for yes, black for no, between for a transition"
    add("--regions", type=Path, metavar="MASK", help=mask)
    cube = "write what was done to one picture as a .cube too, where it is one colour map"
    add("--cube", type=Path, metavar="CUBE", help=cube)
    nodes = "bake the .cube to N nodes an edge, for programs without shaper curves"
    add("--cube-size", type=int, metavar="N", help=nodes)
    plot = "plot exposure and colour from one iteration to the next, for vae_recolour"
    add("--trajectory", type=Path, metavar="PLOT", help=plot)
    add_settings(parser, "--set iterations=3 --set degree=0.8")
    add("--weights", type=Path, metavar="PATH", help="a model's weights, file or folder")
    add("--device", default="auto", help="auto, cpu, cuda, cuda:1 (default auto)")


def run(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from ..harness.fix import method
    from ..harness.photo import correct_file, jobs

    if not args.out and not args.cube and not args.trajectory:
        raise UserError("give -o OUT, the file or folder to write")
    single = len(args.pictures) == 1 and not args.pictures[0].is_dir()
    if (args.cube or args.trajectory or args.regions) and not single:
        raise UserError("--regions, --cube and --trajectory are for one picture")
    work = jobs(args.pictures, args.out) if args.out else []
    settings = read_settings(args.set)
    fix = method(args.method, args.device, weights=args.weights, **settings)
    failed = 0
    for source, target in tqdm(work, unit="picture", disable=None if len(work) > 1 else True):
        try:
            correct_file(fix, source, target, args.regions)
        except (UserError, ValueError, RuntimeError, MemoryError) as error:
            if len(work) == 1:
                raise UserError(f"{source}: {_line(error)}") from error
            print(f"{source}: {_line(error)}", file=sys.stderr)
            failed += 1
            continue
        if len(work) == 1:
            print(target)
    if len(work) > 1:
        print(f"{args.out}: {len(work) - failed} pictures")
    if args.cube:
        _write_cube(fix, args)
    if args.trajectory:
        _plot(fix, args)
    return PARTIAL if failed else SUCCESS


def _line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _write_cube(fix, args: argparse.Namespace) -> None:  # type: ignore[no-untyped-def]
    from dataclasses import replace

    from datagen.images.codes import to_float
    from luts import write_cube
    from luts.lut import ShapedLut

    from ..harness.photo import read_rgb

    if args.cube_size is not None and not 2 <= args.cube_size <= 129:
        raise UserError(f"--cube-size: must be 2 to 129, got {args.cube_size}")
    lut = fix.colour_map(to_float(read_rgb(args.pictures[0])), size=args.cube_size)
    lut = replace(lut, title=f"{fix.name} for {args.pictures[0].name}")
    write_cube(lut, args.cube, "resolve" if isinstance(lut, ShapedLut) else "iridas")
    print(args.cube)


def _plot(fix, args: argparse.Namespace) -> None:  # type: ignore[no-untyped-def]
    from datagen.images.codes import to_float
    from luts.torch.layout import to_batch

    from ..harness.photo import read_rgb
    from ..methods.models.trained.checkpoints import load_row
    from ..report.recolour_plot import plot_trajectories

    module, _ = load_row(fix.name, fix.row)
    if not hasattr(module, "recolour"):
        raise UserError(f"--trajectory: {fix.name} works in one step")
    encoded = to_float(read_rgb(args.pictures[0]))
    recolour: Any = module.recolour
    (found,) = recolour(to_batch([encoded]))
    plot_trajectories({args.pictures[0].name: found.thumbnails}, args.trajectory)
    print(args.trajectory)
