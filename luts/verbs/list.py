"""`luts list`: what the library and the random families hold."""

from __future__ import annotations

import argparse

from ..families import FAMILIES, find
from ..library import load, names
from ..measure import severity
from ..tool.outside import FAMILIES as GROUP
from ..tool.outside import offered


def run(args: argparse.Namespace) -> None:
    if args.what == "families":
        _print_families()
    else:
        _print_library()


def _print_families() -> None:
    for name, family in FAMILIES.items():
        print(f"{name:<12} {family.summary}")
    for name in offered(GROUP):
        print(f"{name:<12} {find(name)[1].summary}")


def _print_library() -> None:
    print(f"{'name':<25} {'dE00':>5} {'p95':>5} {'clipped':>8} {'folded':>7}  cause")
    for name in names():
        lut = load(name)
        found = severity(lut)
        cause = next(line for line in lut.comments if line.startswith("cause: "))
        print(
            f"{name:<25} {found.mean:5.1f} {found.p95:5.1f} {found.clipped:8.1%} "
            f"{found.folded:7.2%}  {cause.removeprefix('cause: ')}"
        )
