"""`benchmarks train`: train a model on a data set."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datagen.commands.common import add_code

if TYPE_CHECKING:
    from ..training.material import Material
    from ..training.settings import Training

EXAMPLE = "benchmarks train zero_dce --data out/train --out out/zero_dce --steps 1500"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a trainable model, such as zero_dce or star_dce+ranlen")
    material = parser.add_mutually_exclusive_group(required=True)
    material.add_argument("--data", type=Path, help="folder of a built data set")
    material.add_argument(
        "--stream", metavar="RECIPE", help="pairs made anew for every step, by a recipe"
    )
    parser.add_argument("--source", help="folder of the recipe's scenes, with --stream")
    parser.add_argument("--cache", type=Path, help="scenes from `datagen stream --cache`")
    add_code(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for weights and losses")
    parser.add_argument("--steps", type=int, help="optimiser steps")
    parser.add_argument("--minutes", type=float, help="of a core's time, instead of steps")
    parser.add_argument("--seed", type=int, help="of initial weights, order and crops")
    parser.add_argument(
        "--seeds", type=int, metavar="N", help="train N times, seeds 0 to N - 1, each in OUT/seedK"
    )
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
        "--overwrite", action="store_true", help="replace an earlier training in --out"
    )
    parser.add_argument(
        "--install", action="store_true", help="make the best weights the ones `run` scores"
    )
    parser.add_argument(
        "--float32", action="store_true", help="install in 32 bits even where 16 do not show"
    )


def run(args: argparse.Namespace) -> None:
    from dataclasses import replace

    from luts.tool.errors import UserError

    from ..training.settings import settings_for, streamed_settings_for

    flags = {"steps": args.steps, "seed": args.seed, "minutes": args.minutes}
    given = {name: value for name, value in flags.items() if value is not None}
    for name, value in map(_setting, args.set):
        if name in given:
            raise UserError(f"{name} is given twice: {given[name]!r} and {value!r}")
        given[name] = value
    if "minutes" in given and "steps" in given:
        raise UserError("--steps and --minutes: a run has one budget")
    if args.stream:
        settings = streamed_settings_for(args.model, **given)
    else:
        if args.source or args.cache:
            raise UserError("--source and --cache go with --stream")
        settings = settings_for(args.model, **({"validations": 8} if args.minutes else {}) | given)
    if args.seeds is None:
        _train(args, settings, args.out)
        return
    if args.seeds < 1 or args.seed is not None or args.install:
        raise UserError("--seeds takes 1 or more, and neither --seed nor --install beside it")
    for seed in range(args.seeds):
        _train(args, replace(settings, seed=seed), args.out / f"seed{seed}")


def _train(args: argparse.Namespace, settings: Training, out: Path) -> None:
    """One training; prints where its best weights are."""
    import os
    from contextlib import ExitStack

    from tqdm import tqdm

    from ..methods.models.trained.checkpoints import install
    from ..training.loop import train
    from ..training.state import at_work

    first = os.environ.get("RANK", "0") == "0"
    total = None if settings.minutes else settings.steps
    with ExitStack() as stack:
        if first:
            stack.enter_context(at_work(out, args.out))
        bar = stack.enter_context(
            tqdm(total=total, unit="step", file=sys.stderr, disable=not first)
        )

        def progress(steps: int, loss: float) -> None:
            bar.set_postfix(loss=f"{loss:.4g}", refresh=False)
            bar.update(steps - bar.n)

        record = train(
            settings,
            material(args) if args.stream else args.data,
            out,
            device=args.device,
            resume=args.resume,
            overwrite=args.overwrite,
            workers=args.jobs,
            progress=progress,
        )
    if first:
        best = out / "best.safetensors"
        if (gain := record["gain_last_quarter"]) is not None:
            print(f"{gain:+.2f} dB over the last quarter of the run", file=sys.stderr)
        print(install(args.model, best, half=not args.float32) if args.install else best)


def material(args: argparse.Namespace, *, kept: Path | None = None) -> Material:
    """The stream that --stream, --source and --cache name, made where the training is.

    kept : folder of the pairs that --keep asks for
    """
    from datagen.recipe.load import load_recipe

    from ..environment import pick_device
    from ..training.material import Streamed

    changes = [f"source.folder={json.dumps(args.source)}"] if args.source else []
    # Other processes make batches on processors; their tensors cannot lie on a device.
    device = "cpu" if getattr(args, "jobs", 0) else pick_device(args.device)
    keep = args.keep if kept else 0
    recipe = load_recipe(args.stream, changes, code=getattr(args, "code", ()))
    return Streamed(recipe, cache=args.cache, device=device, keep=keep, kept=kept)


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
