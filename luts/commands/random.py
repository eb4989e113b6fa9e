"""`luts random`: draw a distortion of a family and write it as a LUT."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "luts random film --seed 7 --severity 6 -o film-7.cube"
TARGET = "luts.verbs.random:run"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("family", help="see `luts list families`; or my.py:NAME")
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
