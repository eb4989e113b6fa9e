"""`benchmarks train`: train a model on a data set."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

EXAMPLE = "benchmarks train zero_dce --data out/train --out out/zero_dce --steps 1500"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a trainable model, such as zero_dce or star_dce+ranlen")
    parser.add_argument("--data", type=Path, required=True, help="folder of a built data set")
    parser.add_argument("--out", type=Path, required=True, help="folder for weights and losses")
    parser.add_argument("--steps", type=int, help="optimiser steps")
    parser.add_argument("--seed", type=int, help="of initial weights, order and crops")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="any other setting, value as JSON or a word: --set lr=5e-4 --set schedule=cosine",
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 (default auto)")
    parser.add_argument("--jobs", type=int, default=0, help="processes that decode images")
    parser.add_argument("--resume", action="store_true", help="go on from what --out holds")
    parser.add_argument(
        "--install", action="store_true", help="make the best weights the ones `run` scores"
    )
    parser.add_argument(
        "--float32", action="store_true", help="install in 32 bits even where 16 do not show"
    )


def run(args: argparse.Namespace) -> None:
    import os

    from tqdm import tqdm

    from ..methods.models.checkpoints import install
    from ..training.loop import train
    from ..training.settings import settings_for

    flags = {"steps": args.steps, "seed": args.seed}
    overrides = {name: value for name, value in flags.items() if value is not None}
    settings = settings_for(args.model, **overrides, **dict(map(_setting, args.set)))
    first = os.environ.get("RANK", "0") == "0"
    with tqdm(total=settings.steps, unit="step", file=sys.stderr, disable=not first) as bar:

        def progress(steps: int, loss: float) -> None:
            bar.set_postfix(loss=f"{loss:.4g}", refresh=False)
            bar.update(steps - bar.n)

        train(
            settings,
            args.data,
            args.out,
            device=args.device,
            resume=args.resume,
            workers=args.jobs,
            progress=progress,
        )
    if first:
        best = args.out / "best.safetensors"
        print(install(args.model, best, half=not args.float32) if args.install else best)


def _setting(text: str) -> tuple[str, Any]:
    from ..training.settings import TrainingError

    name, equals, value = text.partition("=")
    if not equals:
        raise TrainingError(f"--set takes KEY=VALUE, got {text!r}")
    try:
        parsed = json.loads(value)
    except json.JSONDecodeError:
        parsed = value
    return name, tuple(parsed) if isinstance(parsed, list) else parsed
