"""LUT families: what they do, and how they measure over 20 seeds.

`make docs` measures a family that is new; after a change of one, `python -m docs.family_tables`
measures all of them, which takes a minute.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from luts.families import FAMILIES
from luts.make import survey

from .markdown import table

MEASURED = Path(__file__).parent / "results" / "families.csv"
SEEDS = range(20)


def described() -> str:
    """Every family: its cause, what it computes, what is drawn."""
    rows = [[f"`{name}`", f.summary, f.how, f.drawn] for name, f in FAMILIES.items()]
    return table(["family", "cause", "what it does", "parameters"], rows)


def measured() -> str:
    """Every family that was measured, as it was."""
    lines = _read()
    known = [lines[family] for family in FAMILIES if family in lines]
    return table(list(survey.HEAD), [[f"`{line[0]}`", *line[1:]] for line in known])


def measure(families: Iterable[str]) -> None:
    """Measure families; others keep their numbers, and those that are no more go."""
    new = {family: [family, *survey.row(family, SEEDS)] for family in families}
    lines = _read() | new
    with MEASURED.open("w", newline="", encoding="utf-8") as stream:
        rows = [lines[family] for family in FAMILIES]
        csv.writer(stream, lineterminator="\n").writerows([survey.HEAD, *rows])


def measure_new() -> None:
    """Measure the families that were not yet."""
    known = _read()
    if new := [family for family in FAMILIES if family not in known]:
        measure(new)


def _read() -> dict[str, list[str]]:
    if not MEASURED.is_file():
        return {}
    with MEASURED.open(newline="", encoding="utf-8") as stream:
        return {line[0]: line for line in list(csv.reader(stream))[1:]}


TABLES = {"families": described, "families-measured": measured}

if __name__ == "__main__":
    measure(FAMILIES)
