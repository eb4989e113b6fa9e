"""`benchmarks run`: score methods on a data set."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from luts.tool.command import PARTIAL, SUCCESS
from luts.tool.errors import UserError

EXAMPLE = "benchmarks run --data out/demo --methods classical zero_dce --out out/bench"


def configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="a built data set")
    add("--out", type=Path, required=True, metavar="DIR", help="results; resumes an earlier run")
    add(
        "--methods",
        nargs="+",
        metavar="NAME",
        help="names, or leaderboard, classical, model, all, or your own my.py:name "
        "(default: all, or none beside --predictions)",
    )
    metrics = "names, default, or all (see `benchmarks explain`), or your own my.py:name"
    add("--metrics", nargs="+", default=["default"], metavar="NAME", help=metrics)
    add("--split", choices=["train", "val", "test"], default="test")
    references = "score against these only, such as fusion (default: all that the set has)"
    add("--references", nargs="+", default=[], metavar="NAME", help=references)
    estimate = "say how long the run would take on this machine now, and end"
    add("--estimate", action="store_true", help=estimate)
    add("--device", default="auto", help="auto (a GPU where there is one), cpu, cuda, cuda:1 ...")
    scorer = "numpy, or torch: models are measured on the device (auto: torch on a GPU)"
    add("--scorer", choices=["auto", "numpy", "torch"], default="auto", help=scorer)
    add("--jobs", type=int, default=None, help="worker processes (default: cores)")
    engine = "where the workers are; ray and dask are extras (RAY_ADDRESS: a running cluster)"
    add("--engine", choices=["local", "ray", "dask"], default="local", help=engine)
    batch = "pairs of one size that a model takes together (auto: by size on a GPU, else 1)"
    add("--batch", type=_batch, default=None, metavar="N", help=batch)
    degree = "how far models go, 1 being as trained; every method named must have it"
    add("--degree", type=float, metavar="X", help=degree)
    weights = "weights other than the shipped ones: a file, what `train` left, or a folder; with a "
    weights += "label in rows of their own, MODEL@LABEL"
    add("--weights", nargs="+", default=[], metavar="[LABEL=]PATH", help=weights)
    add("--predictions", type=Path, metavar="DIR", help="score pictures made elsewhere as well")
    add("--name", default="mine", help="what to call them in the table (mine)")
    pattern = "how their files are called: {id}, {flat} or {scene}, such as '{flat}_out.png'"
    add("--pattern", default="", metavar="NAME", help=pattern)
    kept = "keep predictions as 16-bit PNG, so that other metrics need no new inference"
    add("--keep-predictions", action="store_true", help=kept)
    add("--limit", type=int, metavar="N", help="first N samples only; marked as partial everywhere")


def _batch(text: str) -> int | None:
    """Read --batch: a number from 1, or "auto"."""
    if text == "auto":
        return None
    if int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be auto or a number from 1, got {text}")
    return int(text)


def run(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from ..environment import pick_device
    from ..harness.plan import Resources, RunPlan
    from ..harness.ranks import rank_from
    from ..harness.run import run as score
    from ..methods.models.trained.given import GivenWeights

    if args.predictions and not args.predictions.is_dir():
        raise UserError(f"--predictions {args.predictions}: no such folder")
    elsewhere = {args.name: args.predictions} if args.predictions else {}
    methods = args.methods or ([] if elsewhere else ["all"])
    given = tuple(GivenWeights.read(text) for text in args.weights)
    plan = RunPlan(
        args.data,
        methods,
        elsewhere,
        args.pattern,
        args.metrics,
        args.split,
        args.limit,
        args.keep_predictions,
        args.degree,
        given,
        args.references,
    )
    rank = rank_from()
    device = pick_device(args.device)
    device = f"cuda:{rank.local_index}" if device == "cuda" and rank.count > 1 else device
    cores = len(os.sched_getaffinity(0)) // rank.local_count
    scorer = None if args.scorer == "auto" else args.scorer
    jobs = args.jobs or max(cores, 1)
    resources = Resources(device, scorer, jobs, args.engine, args.batch, rank)
    if args.estimate:
        from ..harness.estimate import estimate

        print(estimate(plan, args.out, resources), file=sys.stderr)
        return SUCCESS
    with tqdm(unit="row", desc="scoring", disable=None, mininterval=0.5) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        summary = score(plan, args.out, resources, progress)
    print(
        f"{summary.asked} evaluations: {summary.reused} reused, {summary.failed} failed, "
        f"{summary.seconds:.1f} s on {device}, harness overhead {summary.overhead:.1%}",
        file=sys.stderr,
    )
    for name, why in summary.reasons.items():
        print(f"{name}: failed: {why}", file=sys.stderr)
    named = [name for name in summary.untrained if name in methods]
    for name, why in summary.untrained.items():
        print(f"{name}: not scored: {why}", file=sys.stderr)
    print(args.out)
    return PARTIAL if summary.failed or named else SUCCESS
