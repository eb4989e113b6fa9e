"""Flags that several verbs share."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from ..cube import DIALECTS


def add_output(parser: ArgumentParser) -> None:
    """-o/--out and --dialect."""
    parser.add_argument("-o", "--out", type=Path, required=True, help=".cube file to write")
    parser.add_argument(
        "--dialect",
        choices=DIALECTS,
        help="spelling to write (default iridas; resolve for curves and a cube)",
    )


def add_size(parser: ArgumentParser, default: int | None, help: str) -> None:
    """--size, checked against what a cube can have."""
    parser.add_argument("--size", type=int, default=default, metavar="N", help=help)
