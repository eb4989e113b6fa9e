"""`luts studio`: make a distortion by eye in the browser, with its numbers beside it."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

EXAMPLE = "luts studio photo.jpg -o studio.html"
TARGET = "luts.verbs.studio:run"


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("picture", type=Path, nargs="*", help="pictures to put into the page")
    parser.add_argument("--lut", help="begin with it: a look, a .cube or a name of the library")
    parser.add_argument(
        "-o", "--out", type=Path, help="page to write, to be opened from disk (studio.html)"
    )
    parser.add_argument(
        "--serve",
        type=int,
        nargs="?",
        const=0,
        metavar="PORT",
        help="serve it on 127.0.0.1 instead; Save writes into the folder (any free port)",
    )
    parser.add_argument(
        "--folder", type=Path, default=Path(), help="where a served page saves (here)"
    )
