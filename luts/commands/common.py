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


def add_spaces(parser: ArgumentParser) -> None:
    """--input-space and --output-space; names are checked where they are used."""
    parser.add_argument(
        "--input-space",
        metavar="SPACE",
        help="what the LUT takes, where it is not sRGB: display-p3, adobe-rgb, rec709, rec2020, "
        "linear, or a camera's log: logc3, logc4, slog3, vlog, clog3, log3g10, apple-log, acescct",
    )
    parser.add_argument(
        "--output-space",
        metavar="SPACE",
        help="what the LUT gives (default: as it takes; srgb behind a camera's log)",
    )


def add_size(parser: ArgumentParser, default: int | None, help: str) -> None:
    """--size, checked against what a cube can have."""
    parser.add_argument("--size", type=int, default=default, metavar="N", help=help)
