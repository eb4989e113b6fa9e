"""What the families do, measured: python -m luts.make.survey [SEEDS] prints a Markdown table.

For each family and the first SEEDS seeds (20): the severity of members as drawn, the strongest
level of 2, 4, 8 and 12 that every seed reaches, and, at level 4, what is lost.
"""

from __future__ import annotations

import sys

import numpy as np

from ..families.drawing import DistortionError, draw
from ..families.table import FAMILIES
from ..measure import Severity, severity

LEVELS = (2.0, 4.0, 8.0, 12.0)
LOOKED_AT = 4.0
_HEAD = (
    "family",
    "as drawn, dE00",
    "every seed reaches",
    "p95 at 4",
    "clipped",
    "fold-free cubes",
    "natural colours folded, at most",
)


def reached(family: str, seeds: range) -> float:
    """The largest level that all the seeds reach; 0 when not even the first."""
    best = 0.0
    for level in LEVELS:
        try:
            for seed in seeds:
                draw(family, seed=seed, severity=level)
        except DistortionError:
            break
        best = level
    return best


def row(family: str, seeds: range) -> tuple[str, ...]:
    """One line of the table."""
    drawn = [draw(family, seed=seed).severity for seed in seeds]
    found: list[Severity] = [
        severity(draw(family, seed=seed, severity=LOOKED_AT).bake()) for seed in seeds
    ]
    return (
        f"`{family}`",
        f"{np.median(drawn):.1f} ({min(drawn):.1f} to {max(drawn):.1f})",
        f"{reached(family, seeds):g}",
        f"{np.mean([each.p95 for each in found]):.1f}",
        f"{np.mean([each.clipped for each in found]):.1%}",
        f"{np.mean([each.folded == 0 for each in found]):.0%}",
        f"{max(each.natural.folded for each in found):.2%}",
    )


def main() -> None:
    seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
    for line in (_HEAD, ["---"] * len(_HEAD), *(row(family, seeds) for family in FAMILIES)):
        print("| " + " | ".join(line) + " |", flush=True)


if __name__ == "__main__":
    main()
