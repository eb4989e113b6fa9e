"""`benchmarks list`: every method there is, from its own entry of the table."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..methods.method import Method

EXAMPLE = "benchmarks list classical"

HEADINGS = ("method", "kind", "parameters", "weights", "regions", "paper", "what it does")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "methods", nargs="*", metavar="METHOD", help="names or kinds; all of them if left out"
    )


def run(args: argparse.Namespace) -> None:
    from ..methods import METHODS, find_methods

    print(as_table(find_methods(args.methods, with_slow=True) if args.methods else METHODS))


def as_table(methods: dict[str, Method]) -> str:
    """Write methods as an aligned table, one per line.

    `parameters` counts trainable ones, "weights" says whether a model that needs them has any, and
    "regions" whether the method is told where to correct.
    """
    rows = [HEADINGS] + [
        (
            name,
            method.kind,
            f"{method.parameters:,}" if method.parameters else "-",
            _weights(name, method),
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


def _weights(name: str, method: Method) -> str:
    from ..methods.models.trained.checkpoints import UntrainedError, digest

    if not method.trained:
        return "-"
    try:
        digest(name, method)
    except UntrainedError:
        return "none yet"
    return "yes"
