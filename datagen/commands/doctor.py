"""`datagen doctor`: what this machine has to develop raws with."""

from __future__ import annotations

import argparse

EXAMPLE = "datagen doctor"
TARGET = "datagen.verbs.doctor:run"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", nargs="?", default=".", help="folder whose disk is looked at (default .)"
    )
