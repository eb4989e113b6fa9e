"""`benchmarks train-all`: train every row that learns until it stops improving."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..methods.models.trained.record import TrainingRecord
    from ..training.standing import Standing

EXAMPLE = "benchmarks train-all --stream stream --source hdri --out out/train"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stream", metavar="RECIPE", default="stream", help="recipe of the pairs")
    parser.add_argument("--source", help="folder of the recipe's scenes")
    parser.add_argument("--cache", type=Path, help="scenes from `datagen stream --cache`")
    parser.add_argument("--out", type=Path, required=True, help="folder of all trainings")
    parser.add_argument("--only", nargs="+", default=[], metavar="ROW", help="only these rows")
    parser.add_argument("--slow", action="store_true", help="also the rows at their full size")
    parser.add_argument(
        "--minutes", type=float, default=8.0, help="of a core's time in a row's first round"
    )
    parser.add_argument(
        "--keep",
        type=int,
        default=20_000,
        metavar="N",
        help="make N pairs once, keep them in OUT/pairs and repeat them (4.3 GB in all for"
        " %(default)s); 0 makes all anew",
    )
    parser.add_argument("--device", default="cpu", help="cpu (default), cuda, cuda:1")
    parser.add_argument("--nice", type=int, default=15, help="lower priority by so much")
    parser.add_argument(
        "--no-install", action="store_true", help="leave the weights that `run` scores alone"
    )
    parser.add_argument(
        "--anew",
        action="store_true",
        help="begin with weights that are drawn, not with installed ones of the same scenes or,"
        " for local versions, those of their host",
    )
    parser.add_argument("--list", action="store_true", help="only say how far every row is")


def run(args: argparse.Namespace) -> int:
    import os

    from luts.tool.command import PARTIAL, SUCCESS

    from ..training.queue import is_better, rows_to_train, run_queue
    from ..training.standing import left, standing

    rows = rows_to_train(args.only, slow=args.slow)
    if args.list:
        for row in rows:
            print(_line(standing(args.out, row, args.minutes)))
        return SUCCESS
    os.nice(args.nice)
    if args.device == "cpu":
        import torch

        torch.set_num_threads(1)

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def finished(standing: Standing, _: TrainingRecord) -> None:
        if not args.no_install and (args.anew or is_better(standing, material)):
            say(_installed(standing))

    material = _material(args)
    found = run_queue(
        material,
        args.out,
        rows,
        minutes=args.minutes,
        device=args.device,
        anew=args.anew,
        finished=finished,
        say=say,
    )
    for one in found:
        print(_line(one))
    say(left(args.out, rows, args.minutes))
    return SUCCESS if all(one.settled for one in found) else PARTIAL


def _installed(standing: Standing) -> str:
    """Make a row's best weights those that are scored; says what was done."""
    from ..methods.models.trained.checkpoints import install

    if standing.best is None:
        return f"{standing.row}: no weights to install yet"
    path = install(standing.row, standing.best)
    return f"{standing.row}: installed as {path.name}, {standing.score:.2f} dB"


def _line(standing: Standing) -> str:
    gain = "" if standing.gain is None else f"{standing.gain:+.2f}"
    state = "settled" if standing.settled else "open"
    score = f"{standing.score:.2f}" if standing.best else "-"
    return (
        f"{standing.row:36} {state:8} rounds {standing.rounds}  {standing.seconds / 60:5.1f} min"
        f"  {score:>6} dB  last quarter {gain or '-'}"
    )


def _material(args: argparse.Namespace) -> Any:
    from .train import material

    return material(args, kept=args.out / "pairs" if args.keep else None)
