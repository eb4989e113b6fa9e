"""`benchmarks dial`: one pair of pictures under every convention in use."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "benchmarks dial output.png reference.png --mask mask.png"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("estimate", type=Path, metavar="ESTIMATE", help="picture a method made")
    parser.add_argument("reference", type=Path, metavar="REFERENCE", help="picture it should be")
    parser.add_argument(
        "--mask", type=Path, help="grey picture, white where it counts; opens the masked rows"
    )
    parser.add_argument(
        "--lpips",
        nargs=2,
        type=Path,
        metavar=("ALEXNET", "HEADS"),
        help="weight files: torchvision's AlexNet and lpips v0.1's alex.pth",
    )


def run(args: argparse.Namespace) -> None:
    from datagen.images.codes import to_float
    from datagen.images.files import read_image

    from ..metrics.dial import convention_dial, markdown, read_weight

    estimate, reference = (to_float(read_image(p)) for p in (args.estimate, args.reference))
    weight = None if args.mask is None else read_weight(args.mask)
    extra = []
    if args.lpips:
        from ..metrics.lpips import lpips_metric

        extra = [lpips_metric(*args.lpips)]
    print(markdown(convention_dial(estimate, reference, weight, extra=extra)))
