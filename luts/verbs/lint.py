"""`luts lint`: is a `.cube` file sound, and what do other programs make of it?"""

from __future__ import annotations

from argparse import Namespace

from ..cube.lint import lint
from .common import describe


def run(args: Namespace) -> int:
    """1 when any of the files had to be refused."""

    refused = 0
    for path in args.lut:
        found = lint(path)
        refused += bool(found.error)
        print(f"refused: {found.error}" if found.error else f"{path}: {describe(found.lut)}")
        for note in found.notes:
            print(f"  line {note.line}: {note.text}")
        if found.outside:
            print(f"  {found.outside:.1%} of the table is outside 0 to 1; kept as it is")
        for verdict in found.verdicts:
            reasons = f" ({', '.join(verdict.reasons)})" if verdict.reasons else ""
            print(f"  {verdict.program:<15} {verdict.outcome}{reasons}")
    return min(refused, 1)
