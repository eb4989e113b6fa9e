"""What the families do, measured, for docs/luts_families.md.

For each family and some seeds: the severity of members as drawn, the strongest level of 2, 4, 8 and
12 that every seed reaches, and, at level 4, what is lost.
"""

from __future__ import annotations

import numpy as np

from ..families.drawing import DistortionError, draw
from ..measure import Severity, severity

LEVELS = (2.0, 4.0, 8.0, 12.0)
LOOKED_AT = 4.0
HEAD = (
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
    """One line of the table, after the family's name."""
    drawn = [draw(family, seed=seed).severity for seed in seeds]
    found: list[Severity] = [
        severity(draw(family, seed=seed, severity=LOOKED_AT).bake()) for seed in seeds
    ]
    return (
        f"{np.median(drawn):.1f} ({min(drawn):.1f} to {max(drawn):.1f})",
        f"{reached(family, seeds):g}",
        f"{np.mean([each.p95 for each in found]):.1f}",
        f"{np.mean([each.clipped for each in found]):.1%}",
        f"{np.mean([each.folded == 0 for each in found]):.0%}",
        f"{max(each.natural.folded for each in found):.2%}",
    )
