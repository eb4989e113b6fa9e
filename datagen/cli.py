"""`datagen`: camera raws to paired training sets."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from luts.tool.command import MISUSE, run_program

VERBS: dict[str, str] = {
    "develop": "develop a few raws at several EVs",
    "doctor": "print what this machine has to develop raws with",
    "init": "write a recipe with every setting explained",
    "plan": "say what a recipe would make; writes nothing",
    "build": "make a data set of a recipe, or go on with one",
    "verify": "check every file and claim of a data set",
    "preview": "one offline HTML page of a data set",
    "stats": "tables and plots of what a data set holds",
    "pack": "tar shards in WebDataset layout",
    "subset": "a part of a data set, without touching pixels",
    "merge": "one data set of several, checked for leaks between splits",
    "stream": "keep the light of a stream's scenes in one file",
    "simulate": "photograph linear scenes into DNG files with a virtual camera",
}


RENAMED = {"render": "develop"}


def main(argv: Sequence[str] | None = None) -> int:
    words = sys.argv[1:] if argv is None else argv
    if words and words[0] in RENAMED:
        print(f"datagen {words[0]}: is called datagen {RENAMED[words[0]]} now", file=sys.stderr)
        return MISUSE
    return run_program("datagen", "Turn camera raws into paired training sets.", VERBS, argv)
