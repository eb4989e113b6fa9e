"""`luts severity`: how strong a LUT is, and what of it can be undone."""

from __future__ import annotations

import argparse
import json

from ..measure import severity
from .common import each, read_lut

_ROWS = (
    ("mean dE00", "mean", ".2f"),
    ("95th percentile dE00", "p95", ".2f"),
    ("clipped", "clipped", ".2%"),
    ("folded", "folded", ".2%"),
    ("merging at 8 bits", "merging", ".2%"),
    ("smallest volume factor", "determinant_min", ".3f"),
    ("median volume factor", "determinant_median", ".3f"),
)


def run(args: argparse.Namespace) -> int:
    """1 when any of the files had to be refused."""
    return each("luts severity", args.lut, lambda source: _show(source, as_json=args.json))


def _show(source: str, *, as_json: bool) -> None:
    found = severity(read_lut(source))
    if as_json:
        print(json.dumps({"lut": source, **found.record()}))
        return
    print(f"{source:<25} {'natural':>9} {'uniform':>9}")
    for label, key, form in _ROWS:
        natural, uniform = (getattr(part, key) for part in (found.natural, found.uniform))
        print(f"  {label:<23} {natural:>9{form}} {uniform:>9{form}}")
    print(f"  {found.verdict}")
