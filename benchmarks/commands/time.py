"""`benchmarks time`: what each method costs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from luts.command import PARTIAL, SUCCESS, UserError

EXAMPLE = "benchmarks time --methods he_rgb zero_dce --sizes 256 480p --out out/timing"


def configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--methods", nargs="+", default=["classical", "model"], metavar="NAME")
    sizes = "256, 480p, 1mp, 12mp or WIDTHxHEIGHT"
    add("--sizes", nargs="+", default=["256", "480p", "1mp"], metavar="SIZE", help=sizes)
    add("--batch", type=int, default=1, metavar="N")
    add("--device", default="auto")
    known = "fp32 bf16 fp16 compile; one other than fp32 needs --data"
    add("--precision", nargs="+", default=["fp32"], metavar="NAME", help=known)
    data = "where a faster variant must keep the quality of fp32 to be listed as the same method"
    add("--data", type=Path, metavar="DIR", help=data)
    add("--limit", type=int, metavar="N", help="first N samples of --data only")
    add("--threads", type=int, default=1, help="CPU threads (pinned and recorded)")
    add("--budget", type=float, default=30.0, metavar="S", help="stop one row after this long")
    add("--out", type=Path, metavar="DIR", help="also write timing.csv and environment.json there")


def run(args: argparse.Namespace) -> int:
    import json

    import cv2
    import pandas as pd
    import torch
    from tqdm import tqdm

    from datagen.files import write_text

    from ..environment import describe, pick_device
    from ..methods import METHODS, find_methods
    from ..timing import parse_size, time_method

    _check_precisions(args)
    device = pick_device(args.device)
    cv2.setNumThreads(args.threads)
    torch.set_num_threads(args.threads)
    names = [
        name
        for name, method in find_methods(args.methods).items()
        if method.kind in ("classical", "model") and not method.blend_of
    ]
    variants = {
        name: ["fp32"] if METHODS[name].kind != "model" else args.precision for name in names
    }
    sizes = [parse_size(size) for size in args.sizes]
    settings = {"batch": args.batch, "device": device, "budget_s": args.budget}
    rows, failed = [], []
    for name in tqdm(names, desc="timing", disable=None):
        for precision in variants[name]:
            try:
                quality = _quality(name, precision, device, args)
                for size in sizes:
                    for timing in time_method(name, size, precision=precision, **settings):
                        rows.append(timing.row() | quality)
            except RuntimeError as error:  # no weights, no compiler, no kernel for this type
                failed.append(f"{name} {precision}: {str(error).splitlines()[0]}")
    table = pd.DataFrame(rows)
    if args.out:
        about = describe(device) | {"threads": args.threads}
        write_text(args.out / "timing.csv", table.to_csv(index=False))
        write_text(args.out / "environment.json", json.dumps(about, indent=1))
    table["peak_mb"] = table["peak_bytes"] / 2**20
    shown = ["method", "what", "device", "width", "height", "batch", "p50_ms", "p90_ms", "iqr_ms"]
    shown.insert(2, "precision")
    if args.data:
        shown += ["psnr", "moved_db", "stratum", "same"]
    shown += ["images_per_s", "peak_mb", "parameters", "flops", "runs", "note"]
    print(table[shown].to_string(index=False, float_format=lambda v: f"{v:.3g}"))
    for line in failed:
        print(f"not timed: {line}", file=sys.stderr)
    return PARTIAL if failed else SUCCESS


def _check_precisions(args: argparse.Namespace) -> None:
    from ..precision import PRECISIONS

    for precision in args.precision:
        if precision not in PRECISIONS:
            raise UserError(f"--precision {precision}: must be one of {', '.join(PRECISIONS)}")
    if set(args.precision) != {"fp32"} and not args.data:
        raise UserError("--precision: a speed is listed with its quality; give --data DIR too")


def _quality(name: str, precision: str, device: str, args: argparse.Namespace) -> dict[str, Any]:
    """Make the quality columns of a variant: none for fp32, which is what it is compared with."""
    if precision == "fp32":
        return {}
    from ..precision import gate

    quality = gate(name, [precision], args.data, device=device, limit=args.limit)[precision]
    return vars(quality) | {"same": "yes" if quality.same else "refused"}
