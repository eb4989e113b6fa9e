"""`luts lint`: is a `.cube` file sound, and what do other programs make of it?"""

from __future__ import annotations

from argparse import Namespace

from .. import library
from ..cube.lint import lint
from .common import describe, each


def run(args: Namespace) -> int:
    """1 when any of the files had to be refused, or could not be opened."""
    refused: list[str] = []
    failed = each("luts lint", args.lut, lambda source: refused.extend(_judge(source)))
    return max(failed, min(len(refused), 1))


def _judge(source: str) -> list[str]:
    """Print what there is to say about a file; returns [source] when we refuse it."""
    path = library.resolve(source)
    found = lint(path)
    print(f"{path}: {describe(found.lut)}" if found.lut else f"refused: {found.error}")
    for note in found.notes:
        print(f"  line {note.line}: {note.text}")
    if found.outside:
        print(f"  {found.outside:.1%} of the table is outside 0 to 1; kept as it is")
    for verdict in found.verdicts:
        reasons = f" ({', '.join(verdict.reasons)})" if verdict.reasons else ""
        print(f"  {verdict.program:<15} {verdict.outcome}{reasons}")
    return [] if found.lut else [source]
