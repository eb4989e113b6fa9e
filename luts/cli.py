"""`luts`: author, apply and measure colour distortions."""

from __future__ import annotations

from collections.abc import Sequence

from .tool.command import run_program

VERBS: dict[str, str] = {
    "apply": "put pictures through a LUT",
    "info": "what a LUT file holds, how strong it is, what it destroys",
    "lint": "are .cube files sound, and what do other programs make of them?",
    "hald": "an identity plate to edit anywhere, and the edited plate back as a LUT",
    "fit": "the LUT between pictures before and after an edit",
    "invert": "the LUT that undoes another, with the error it leaves",
    "compose": "several LUTs, one after the other, as one",
    "convert": "rewrite a LUT: format, dialect, units, colour space",
    "resize": "the same LUT on another number of nodes",
    "strength": "a LUT mixed with the identity",
    "list": "what the library and the random families hold",
    "studio": "make a distortion by eye in the browser, with its numbers beside it",
    "bake": "the layers of a look file as a LUT",
    "random": "draw a distortion, as strong as asked, and write it as a .cube",
    "severity": "measure how strong a LUT is, and what of it can be undone",
    "preview": "draw LUTs on a photo, a ramp, a chart and in 3D on one sheet",
}


def main(argv: Sequence[str] | None = None) -> int:
    return run_program("luts", "Author, apply and measure colour LUTs.", VERBS, argv)
