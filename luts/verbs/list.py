"""`luts list`: what the library and the random families hold."""

from __future__ import annotations

import argparse

from ..families import FAMILIES
from ..library import load, names
from ..measure import severity


def run(args: argparse.Namespace) -> None:
    if args.what == "families":
        _print_families()
    else:
        _print_library()


def _print_families() -> None:
    for name, family in FAMILIES.items():
        print(f"{name:<12} {family.summary}")


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
