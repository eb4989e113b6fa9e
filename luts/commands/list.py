"""`luts list`: what the library and the random families hold."""

from __future__ import annotations

import argparse

EXAMPLE = "luts list"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        nargs="?",
        choices=("library", "families"),
        default="library",
        help="library: the hand-made LUTs with their figures; families: what `luts random` draws",
    )


def run(args: argparse.Namespace) -> None:
    if args.what == "families":
        _print_families()
    else:
        _print_library()


def _print_families() -> None:
    from ..families import FAMILIES

    for name, family in FAMILIES.items():
        print(f"{name:<12} {family.summary}")


def _print_library() -> None:
    from ..library import load, names
    from ..measure import severity

    print(f"{'name':<25} {'dE00':>5} {'p95':>5} {'clipped':>8} {'folded':>7}  cause")
    for name in names():
        lut = load(name)
        found = severity(lut)
        cause = next(line for line in lut.comments if line.startswith("cause: "))
        print(
            f"{name:<25} {found.mean:5.1f} {found.p95:5.1f} {found.clipped:8.1%} "
            f"{found.folded:7.2%}  {cause.removeprefix('cause: ')}"
        )
