"""`luts list`: what the library and the random families hold."""

from __future__ import annotations

import argparse

EXAMPLE = "luts list"
TARGET = "luts.verbs.list:run"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        nargs="?",
        choices=("library", "families"),
        default="library",
        help="library: the hand-made LUTs with their figures; families: what `luts random` draws",
    )
