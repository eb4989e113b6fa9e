"""`benchmarks adopt`: weights trained elsewhere, as published, for a model of the table."""

from __future__ import annotations

import argparse
from pathlib import Path

from .common import add_settings, read_settings

EXAMPLE = "benchmarks adopt zero_dce Epoch99.pth --as published"


def configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("model", metavar="MODEL", help="the model they are for, see `benchmarks list model`")
    files = ".pth, .ckpt, .safetensors as published, in any order where there are several"
    add("files", nargs="+", type=Path, metavar="FILE", help=files)
    label = "make a row MODEL@LABEL beside the shipped weights"
    add("--as", dest="label", default="", metavar="LABEL", help=label)
    folder = "folder to write into, for `run --weights` (default: that of the shipped weights)"
    add("-o", "--out", type=Path, metavar="DIR", help=folder)
    space = "of the pictures they were trained on, where their layout does not say (XYZ is refused)"
    add("--colour-space", choices=["sRGB", "XYZ"], help=space)
    add_settings(parser, "--set scale=12")


def run(args: argparse.Namespace) -> None:
    from ..methods.models.published.adopt import adopt

    done = adopt(
        args.model,
        args.files,
        args.out,
        label=args.label,
        colour_space=args.colour_space,
        **read_settings(args.set),
    )
    for line in done.notes:
        print(line)
    print(done.path)
