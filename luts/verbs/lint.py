"""`luts lint`: is a `.cube` file sound, and what do other programs make of it?"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .. import library
from ..cube.lint import lint
from ..tool.gate import plain_lines
from ..twins import same_looks, thumb
from .common import describe, each


def run(args: Namespace) -> int:
    """1 when any of the files had to be refused, or could not be opened."""
    refused: list[str] = []
    thumbs: dict[str, np.ndarray] = {}
    failed = each("luts lint", _files(args.lut), lambda source: _judge(source, refused, thumbs))
    for names in same_looks(thumbs):
        if len(names) > 1:
            print(f"twins: {', '.join(names)} do the same, within one 8-bit level")
    return max(failed, min(len(refused), 1))


def _files(given: Sequence[str]) -> list[str]:
    """Folders opened, in a fixed order."""
    found = []
    for source in given:
        path = Path(source)
        if path.is_dir():
            found += sorted(str(p) for p in path.rglob("*") if p.suffix.lower() == ".cube")
        else:
            found.append(source)
    return found


def _judge(source: str, refused: list[str], thumbs: dict[str, np.ndarray]) -> None:
    """Print what there is to say about a file, and keep what it does."""
    path = library.resolve(source)
    found = lint(path)
    if found.lut is None:
        refused.append(source)
        print(f"refused: {found.error}")
    else:
        thumbs[source] = thumb(found.lut)
        print(plain_lines(f"{path}: {describe(found.lut)}"))
    for note in found.notes:
        print(f"  line {note.line}: {note.text}" if note.line else f"  {note.text}")
    if found.outside:
        print(f"  {found.outside:.1%} of the table is outside 0 to 1; kept as it is")
    for verdict in found.verdicts:
        reasons = f" ({', '.join(verdict.reasons)})" if verdict.reasons else ""
        how = "" if verdict.measured else ", predicted"
        print(f"  {verdict.program:<15} {verdict.outcome}{how}{reasons}")
