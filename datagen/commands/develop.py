"""`datagen develop`: a few raws at several EVs."""

from __future__ import annotations

import argparse

EXAMPLE = "datagen develop photo.CRW --evs -1.5 -1 0 1 1.5 --long-edge 1024 -o out/developed"
TARGET = "datagen.verbs.develop:run"


def configure(parser: argparse.ArgumentParser) -> None:
    from typing import get_args

    from ..develop.tone import TONES
    from ..raw.demosaic import DEMOSAICERS
    from ..raw.highlights import HIGHLIGHTS
    from ..recipe.settings import Baseline, Noise

    parser.add_argument("raws", nargs="+", metavar="RAW", help="camera raw files")
    parser.add_argument("-o", "--out", required=True, help="folder for the pictures")
    parser.add_argument(
        "--evs",
        nargs="+",
        type=float,
        default=[-1.5, -1.0, 0.0, 1.0, 1.5],
        metavar="EV",
        help="stops from the exposure as shot (default -1.5 -1 0 1 1.5)",
    )
    parser.add_argument(
        "--long-edge",
        type=int,
        default=512,
        metavar="PX",
        help="longer side in pixels, 0 keeps the sensor's (default 512)",
    )
    parser.add_argument("--bits", type=int, choices=(8, 16), default=8, help="default 8")
    parser.add_argument(
        "--format", choices=("png", "tif", "jpg"), default="png", help="default png"
    )
    parser.add_argument(
        "--highlights", choices=tuple(HIGHLIGHTS), default="blend", help="default blend"
    )
    parser.add_argument(
        "--tone", choices=tuple(TONES), default="none", help="tone curve (default none)"
    )
    parser.add_argument(
        "--baseline",
        choices=get_args(Baseline),
        default="ignore",
        help="what to do with a DNG's BaselineExposure (default ignore)",
    )
    parser.add_argument(
        "--noise",
        choices=get_args(Noise),
        default="none",
        help="give EVs below 0 the noise of a shorter exposure, there (default none)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the noise (default 0)")
    parser.add_argument(
        "--demosaic",
        choices=tuple(DEMOSAICERS),
        default="ahd",
        help="above half the sensor's size (default ahd)",
    )
    parser.add_argument(
        "--device",
        choices=("cpu", "cuda"),
        default="cpu",
        help="cuda develops on the GPU, always with malvar (default cpu)",
    )
