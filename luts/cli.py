"""`luts`: author, apply and measure colour distortions."""

from __future__ import annotations

from collections.abc import Sequence

from luts.command import run_program

VERBS: dict[str, str] = {}


def main(argv: Sequence[str] | None = None) -> int:
    return run_program("luts", "Author, apply and measure colour LUTs.", VERBS, argv)
