"""`luts severity`: how strong a LUT is, and what of it can be undone."""

from __future__ import annotations

import argparse
import json

from ..cube.file import read_cube
from ..library import resolve
from ..measure import severity

_ROWS = (
    ("mean dE00", "mean", ".2f"),
    ("95th percentile dE00", "p95", ".2f"),
    ("clipped", "clipped", ".2%"),
    ("folded", "folded", ".2%"),
    ("merging at 8 bits", "merging", ".2%"),
    ("smallest volume factor", "determinant_min", ".3f"),
    ("median volume factor", "determinant_median", ".3f"),
)


def run(args: argparse.Namespace) -> None:
    for source in args.lut:
        found = severity(read_cube(resolve(source)))
        if args.json:
            print(json.dumps({"lut": source, **found.record()}))
            continue
        print(f"{source:<25} {'natural':>9} {'uniform':>9}")
        for label, key, form in _ROWS:
            natural, uniform = (getattr(part, key) for part in (found.natural, found.uniform))
            print(f"  {label:<23} {natural:>9{form}} {uniform:>9{form}}")
        print(f"  {found.verdict}")
