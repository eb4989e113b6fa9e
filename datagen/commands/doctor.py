"""`datagen doctor`: what develops raws on this machine, or what a file says and how it is read."""

from __future__ import annotations

import argparse

EXAMPLE = "datagen doctor"
TARGET = "datagen.verbs.doctor:run"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "place",
        nargs="?",
        default=".",
        help="a raw or picture to look into, or the folder whose disk is looked at (default .)",
    )
