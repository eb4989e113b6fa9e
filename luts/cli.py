"""`luts`: author, apply and measure colour distortions."""

from __future__ import annotations

from collections.abc import Sequence

from luts.command import run_program

VERBS: dict[str, str] = {
    "list": "what the library and the random families hold",
    "random": "draw a distortion, as strong as asked, and write it as a .cube",
    "severity": "measure how strong a LUT is, and what of it can be undone",
    "preview": "draw LUTs on a photo, a ramp, a chart and in 3D on one sheet",
}


def main(argv: Sequence[str] | None = None) -> int:
    return run_program("luts", "Author, apply and measure colour LUTs.", VERBS, argv)
