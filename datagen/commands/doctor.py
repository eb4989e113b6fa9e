"""`datagen doctor`: what this machine has to develop raws with, or what a file says and how it
is read."""

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
