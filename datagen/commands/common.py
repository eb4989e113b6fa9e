"""Flags that several verbs share."""

from __future__ import annotations

from argparse import ArgumentParser


def add_code(parser: ArgumentParser) -> None:
    """--code: what code the recipe may use."""
    parser.add_argument(
        "--code",
        action="append",
        default=[],
        metavar="FILE.py",
        help="file or module whose LUT families and sources the recipe may use; it is run",
    )
