"""`benchmarks time`: what each method costs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luts.tool.command import PARTIAL, SUCCESS
from luts.tool.errors import UserError

if TYPE_CHECKING:
    from ..harness.run_info import RunInfo
    from ..methods.method import Method

EXAMPLE = "benchmarks time --methods he_rgb zero_dce --sizes 256 480p --out out/timing"


def configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--methods", nargs="+", metavar="NAME", help="names or kinds (default: classical model)")
    run = "time what this run scored, with its weights and degree, and write to RUN/timing"
    add("--run", type=Path, metavar="RUN", help=run)
    sizes = "256, 480p, 1mp, 12mp or WIDTHxHEIGHT"
    add("--sizes", nargs="+", default=["256", "480p", "1mp"], metavar="SIZE", help=sizes)
    add("--batch", type=int, default=1, metavar="N")
    add("--device", default="auto")
    known = "fp32 bf16 fp16 compile; one other than fp32 needs --data"
    add("--precision", nargs="+", default=["fp32"], metavar="NAME", help=known)
    data = "where a faster variant must keep the quality of fp32 to be listed as the same method"
    add("--data", type=Path, metavar="DIR", help=data)
    add("--limit", type=int, metavar="N", help="first N samples of --data only")
    add("--degree", type=float, metavar="X", help="how far models go, 1 being as trained")
    weights = "weights other than the shipped ones, as in `run`"
    add("--weights", nargs="+", default=[], metavar="[LABEL=]PATH", help=weights)
    add("--threads", type=int, default=1, help="CPU threads (pinned and recorded)")
    budget = "stop one row after this long; a row of too few calls says so"
    add("--budget", type=float, default=30.0, metavar="S", help=budget)
    add("--no-files", action="store_true", help="arrays to arrays only, no decoding and encoding")
    out = "also write timing.csv and environment.json; rows there are used again where they hold"
    add("--out", type=Path, metavar="DIR", help=out)


def run(args: argparse.Namespace) -> int:
    import json

    import cv2
    import torch
    from tqdm import tqdm

    from luts.tool.files import write_text
    from luts.tool.gate import inside

    from ..cost.table import Protocol, measure_costs
    from ..cost.timing import parse_size
    from ..environment import describe, pick_device
    from ..harness.elsewhere import places
    from ..harness.run_info import load_run
    from ..report.costs import TIMING, read_timing

    _check(args)
    methods = _methods(args, load_run(args.run) if args.run else None)
    out = args.out or (inside(args.run, "timing") if args.run else None)
    cv2.setNumThreads(args.threads)
    torch.set_num_threads(args.threads)
    protocol = Protocol(
        [parse_size(size) for size in args.sizes],
        batch=args.batch,
        device=pick_device(args.device),
        precisions=args.precision,
        threads=args.threads,
        budget_s=args.budget,
        files=not args.no_files,
        data=args.data,
        limit=args.limit,
    )
    path = out / TIMING if out else None
    before = read_timing(path) if path else None
    with tqdm(desc="timing", total=len(methods), disable=None) as bar:
        costs = measure_costs(methods, protocol, before, lambda name: bar.update())
    if out and path and not costs.table.empty:
        environment = describe(protocol.device) | {"threads": args.threads}
        write_text(path, costs.table.to_csv(index=False))
        write_text(out / "environment.json", json.dumps(environment, indent=1))
    print(as_text(costs.table))
    for line in places(args.run, methods) if args.run and not args.weights else ():
        print(line, file=sys.stderr)
    for line in costs.failed:
        print(f"not timed: {line}", file=sys.stderr)
    return PARTIAL if costs.failed else SUCCESS


def as_text(table: Any) -> str:
    """Write the columns people ask for, aligned; those of the quality where there are any."""
    shown = ["method", "what", "precision", "device", "width", "height", "batch"]
    shown += ["p50_ms", "p90_ms", "iqr_ms", "psnr", "moved_db", "stratum", "same"]
    shown += ["images_per_s", "peak_mb", "parameters", "flops", "runs", "protocol", "note"]
    import pandas as pd

    if table.empty:
        return "nothing was timed"
    table = table.assign(peak_mb=pd.to_numeric(table["peak_bytes"]) / 2**20)
    shown = [name for name in shown if name in table]
    return table[shown].to_string(index=False, float_format=lambda v: f"{v:.3g}", na_rep="")


def _methods(args: argparse.Namespace, info: RunInfo | None) -> dict[str, Method]:
    """What to time: what is asked for, else what a run scored, else all; blends cost their host."""
    from ..harness.predict import with_degree
    from ..methods import find_methods
    from ..methods.models.trained.given import GivenWeights, with_weights

    scored = {name: made.row(name) for name, made in info.methods.items()} if info else {}
    names = args.methods or [] if info else args.methods or ["classical", "model"]
    chosen = {name: scored.get(name, row) for name, row in find_methods(names).items()}
    if info and not args.methods:
        chosen = {name: row for name, row in scored.items() if row.target}
    chosen = {
        name: row
        for name, row in chosen.items()
        if row.kind in ("classical", "model") and not row.blend_of
    }
    chosen = with_weights(chosen, [GivenWeights.read(text) for text in args.weights])
    if args.degree is not None:
        chosen = {name: with_degree(name, m, args.degree) for name, m in chosen.items()}
    return chosen


def _check(args: argparse.Namespace) -> None:
    from ..cost.precision import PRECISIONS

    for precision in args.precision:
        if precision not in PRECISIONS:
            raise UserError(f"--precision {precision}: must be one of {', '.join(PRECISIONS)}")
    if set(args.precision) != {"fp32"} and not args.data:
        raise UserError("--precision: a speed is listed with its quality; give --data DIR too")
