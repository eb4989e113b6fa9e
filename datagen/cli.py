"""`datagen`: camera raws to paired training sets."""

from __future__ import annotations

from collections.abc import Sequence

from luts.command import run_program

VERBS: dict[str, str] = {
    "build": "make a data set of a recipe, or go on with one",
    "simulate": "photograph linear scenes into DNG files with a virtual camera",
}


def main(argv: Sequence[str] | None = None) -> int:
    return run_program("datagen", "Turn camera raws into paired training sets.", VERBS, argv)
