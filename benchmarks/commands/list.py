"""`benchmarks list`: every method there is, from its own entry of the table."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..method import Method

EXAMPLE = "benchmarks list classical"

HEADINGS = ("method", "kind", "parameters", "trained", "regions", "paper", "what it does")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "methods", nargs="*", metavar="METHOD", help="names or kinds; all of them if left out"
    )


def run(args: argparse.Namespace) -> None:
    from ..methods import find_methods

    print(as_table(find_methods(args.methods or ["all"])))


def as_table(methods: dict[str, Method]) -> str:
    """Write methods as an aligned table, one per line.

    `parameters` counts trainable ones, "regions" says whether the method is told where to correct.
    """
    rows = [HEADINGS] + [
        (
            name,
            method.kind,
            f"{method.parameters:,}" if method.parameters else "-",
            "yes" if method.trained else "no",
            "yes" if method.region_aware else "no",
            method.paper or "-",
            method.summary,
        )
        for name, method in methods.items()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
