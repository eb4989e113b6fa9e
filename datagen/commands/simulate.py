"""`datagen simulate`: photograph linear scenes into DNG files with a virtual camera."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "datagen simulate scenes/*.hdr -o out/raws --views 12 --seed 1"
TARGET = "datagen.verbs.simulate:run"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "scenes",
        nargs="+",
        type=Path,
        metavar="SCENE",
        help=".hdr, .exr or float TIFF (linear light), or a photo (decoded), or a folder of them; "
        "a picture twice as wide as high is a panorama",
    )
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the DNG files")
    parser.add_argument("--views", type=int, default=1, help="directions per panorama (1)")
    parser.add_argument("--long-edge", type=int, default=384, help="pixels (384)")
    parser.add_argument("--fov", type=float, default=70.0, help="degrees of the long edge (70)")
    parser.add_argument(
        "--evs", type=float, nargs="+", default=[0.0], help="exposure series, stops (0)"
    )
    parser.add_argument("--camera", default="", help="name of a sensor (one drawn per view)")
    parser.add_argument(
        "--metering-sd", type=float, default=0.3, help="error of the light meter, stops (0.3)"
    )
    parser.add_argument(
        "--flat",
        action="store_true",
        help="no scene is a panorama, not even one twice as wide as high",
    )
    parser.add_argument(
        "--segment", action="store_true", help="also write a mask of each view's brightest region"
    )
    parser.add_argument("--source", default="", help="who made the scenes, for the files and index")
    parser.add_argument("--licence", default="", help="licence of the scenes, likewise")
    parser.add_argument("--seed", type=int, default=0)
