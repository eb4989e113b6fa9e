"""`benchmarks train-claims`: train both sides of the claims of the documentation over seeds."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

EXAMPLE = "benchmarks train-claims --source hdri --hosts out/train --out out/claims"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stream", metavar="RECIPE", default="stream", help="recipe of the pairs")
    parser.add_argument("--source", help="folder of the recipe's scenes")
    parser.add_argument("--cache", type=Path, help="scenes from `datagen stream --cache`")
    parser.add_argument("--out", type=Path, required=True, help="folder of all trainings")
    parser.add_argument(
        "--hosts",
        type=Path,
        metavar="OUT",
        help="folder of `train-all`: local versions begin as their host there, else as the one"
        " that is installed",
    )
    parser.add_argument("--only", nargs="+", default=[], metavar="CLAIM", help="only these claims")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="trainings of each side")
    parser.add_argument(
        "--minutes", type=float, default=2.0, help="of a core's time for each training"
    )
    parser.add_argument(
        "--keep", type=int, default=20_000, metavar="N", help="pairs that are made once, as there"
    )
    parser.add_argument("--nice", type=int, default=15, help="lower priority by so much")
    parser.add_argument(
        "--table", type=Path, metavar="CSV", help="write what is known by now, a line a training"
    )


def run(args: argparse.Namespace) -> None:
    import os

    import torch

    from luts.tool.errors import UserError

    from ..training.claims import CLAIMS, outcomes, run_claims, write_outcomes
    from ..training.queue import installed_on
    from ..training.standing import standing
    from .train import material

    if unknown := [name for name in args.only if name not in CLAIMS]:
        raise UserError(f"{unknown[0]}: no claim; there are {', '.join(CLAIMS)}")
    if args.seeds < 1 or args.minutes <= 0:
        raise UserError(f"--seeds and --minutes are positive, got {args.seeds}, {args.minutes:g}")
    os.nice(args.nice)
    torch.set_num_threads(1)
    args.device = "cpu"

    def start_of(row: str) -> Path | None:
        host, local, _ = row.partition("+")
        if not local:
            return None
        trained = standing(args.hosts, host, 1.0).best if args.hosts else None
        return trained or installed_on(source, host)

    source = material(args, kept=(args.hosts or args.out) / "pairs" if args.keep else None)
    run_claims(
        source,
        args.out,
        {name: arms for name, arms in CLAIMS.items() if not args.only or name in args.only},
        seeds=args.seeds,
        minutes=args.minutes,
        start_of=start_of,
        say=lambda text: print(text, file=sys.stderr, flush=True),
    )
    found = list(outcomes(args.out, CLAIMS))
    if args.table:
        write_outcomes(found, args.table)
    print(f"{len(found)} trainings judged in {args.out}")
