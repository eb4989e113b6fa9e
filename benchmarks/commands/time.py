"""`benchmarks time`: what each method costs."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "benchmarks time --methods he_rgb zero_dce --sizes 256 480p --out out/timing"


def configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--methods", nargs="+", default=["classical", "model"], metavar="NAME")
    sizes = "256, 480p, 1mp, 12mp or WIDTHxHEIGHT"
    add("--sizes", nargs="+", default=["256", "480p", "1mp"], metavar="SIZE", help=sizes)
    add("--batch", type=int, default=1, metavar="N")
    add("--device", default="auto")
    add("--threads", type=int, default=1, help="CPU threads (pinned and recorded)")
    add("--budget", type=float, default=30.0, metavar="S", help="stop one row after this long")
    add("--out", type=Path, metavar="DIR", help="also write timing.csv and environment.json there")


def run(args: argparse.Namespace) -> None:
    import json

    import cv2
    import pandas as pd
    import torch
    from tqdm import tqdm

    from datagen.files import write_text

    from ..environment import describe, pick_device
    from ..methods import find_methods
    from ..timing import parse_size, time_method

    device = pick_device(args.device)
    cv2.setNumThreads(args.threads)
    torch.set_num_threads(args.threads)
    names = [
        name
        for name, method in find_methods(args.methods).items()
        if method.kind in ("classical", "model") and not method.blend_of
    ]
    jobs = [(name, parse_size(size)) for name in names for size in args.sizes]
    rows = []
    for name, size in tqdm(jobs, desc="timing", disable=None):
        timings = time_method(name, size, batch=args.batch, device=device, budget_s=args.budget)
        rows += [timing.row() for timing in timings]
    table = pd.DataFrame(rows)
    if args.out:
        about = describe(device) | {"threads": args.threads}
        write_text(args.out / "timing.csv", table.to_csv(index=False))
        write_text(args.out / "environment.json", json.dumps(about, indent=1))
    table["peak_mb"] = table["peak_bytes"] / 2**20
    shown = ["method", "what", "device", "width", "height", "batch", "p50_ms", "p90_ms", "iqr_ms"]
    shown += ["images_per_s", "peak_mb", "parameters", "flops", "runs", "note"]
    print(table[shown].to_string(index=False, float_format=lambda v: f"{v:.3g}"))
