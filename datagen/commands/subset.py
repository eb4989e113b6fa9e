"""`datagen subset`: a part of a data set, without touching pixels."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "datagen subset out/demo --where 'ev < 0 and severity > 5' -o out/dark"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="folder of a built data set")
    parser.add_argument(
        "--where",
        required=True,
        metavar="CONDITION",
        help="on ev, severity, image_severity, split, mask, distortion, coverage, scene, group, "
        "camera, licence, width, height, id, with < <= == != in and or not",
    )
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder to make")


def run(args: argparse.Namespace) -> None:
    import sys

    from ..dataset.derive import subset

    head = subset(args.folder, args.where, args.out)
    made = sum(counts.get("ok", 0) for counts in head.samples.values())
    print(f"{made} samples; data set {head.hash[:16]}", file=sys.stderr)
    print(args.out)
