"""`make bench-gpu`: all that only a GPU can tell, in one call of under ten minutes.

    python -m tests.speed.gpu [DATA_SET] [--out FOLDER]

Needs what a bare CUDA machine has: torch, numpy, scipy, OpenCV, pandas, safetensors. Runs the GPU
tests, the harness (share of the time the device is busy; the table against one pair at a time), a
LUT at 4K against a copy of the picture, and the latency of models, compiled and in half precision,
each beside its quality. Leaves gpu.json and gpu.md; a part that cannot run says why, and the others
go on.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from benchmarks.cost.precision import gate
from benchmarks.cost.timing import measure, parse_size, time_method
from benchmarks.environment import describe
from benchmarks.methods.models import MODELS
from luts import random_lut
from luts.torch.lookup import apply_lut

FOUR_K = (2160, 3840)
TIMED = ("zero_dce", "star_dce", "unet", "image_adaptive_lut")
VARIANTS = ("bf16", "fp16", "compile")
BUDGET_S = 4.0


def main() -> int:
    """Print the page; 2 without a GPU."""
    parser = argparse.ArgumentParser(description="what only a GPU can tell")
    parser.add_argument("data", nargs="?", type=Path, help="a built data set (or a small one)")
    parser.add_argument("--out", type=Path, default=Path("out/gpu"))
    args = parser.parse_args()
    if not torch.cuda.is_available():
        print("no GPU here: not measured", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        data = args.data or _demo(Path(scratch))
        parts: dict[str, Callable[[], Any]] = {
            "tests": tests,
            "harness": lambda: harness(data, Path(scratch)),
            "LUT at 4K": lookup,
            "latency": latency,
            "variants": lambda: variants(data),
        }
        found = {name: _guarded(part) for name, part in parts.items()}
    args.out.mkdir(parents=True, exist_ok=True)
    report = {"environment": describe("cuda"), "parts": found}
    (args.out / "gpu.json").write_text(json.dumps(report, indent=1, default=str))
    (args.out / "gpu.md").write_text(page(report))
    print(page(report))
    return 0


def _guarded(part: Callable[[], Any]) -> dict[str, Any]:
    """A part's figures with the seconds it took, or what stopped it."""
    started = time.perf_counter()
    try:
        found: dict[str, Any] = {"figures": part()}
    except Exception as error:  # the other parts are worth having
        found = {"failed": f"{type(error).__name__}: {error}"[:300]}
    return found | {"seconds": round(time.perf_counter() - started, 1)}


def tests() -> dict[str, str]:
    """The tests that are marked gpu, in a process of their own."""
    words = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "-p", "no:cacheprovider"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=180, check=False)
    return {"pytest -m gpu": next(iter(done.stdout.splitlines()[-1:]), done.stderr[-200:])}


def harness(data: Path, scratch: Path) -> dict[str, str]:
    """How busy the device is, and the table against one pair at a time: as `make bench-harness`."""
    from tests.speed.harness import on_gpu

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        on_gpu(data, scratch, {"limit": 40, "jobs": 4})
    rows = [line.strip("| ").split(" | ") for line in printed.getvalue().splitlines()]
    return {name: f"{value} (wanted {wanted})" for name, value, wanted in rows}


def lookup() -> dict[str, float]:
    """A cube of 33 nodes on one 4K picture, beside a copy of it: ms, and their ratio."""
    picture = torch.rand(1, 3, *FOUR_K, device="cuda")
    lut, target = random_lut("film", seed=7, severity=6), torch.empty_like(picture)
    ours = float(measure(lambda: apply_lut(lut, picture), "cuda", budget_s=BUDGET_S)[0].mean())
    copy = float(measure(lambda: target.copy_(picture), "cuda", budget_s=BUDGET_S)[0].mean())
    return {"LUT (ms)": ours * 1e3, "copy (ms)": copy * 1e3, "LUT / copy": ours / copy}


def latency() -> dict[str, float]:
    """Median latency of models on one picture, ms."""
    found = {}
    for size in ("480p", "1mp"):
        for name in TIMED:
            settings = {"device": "cuda", "files": False, "budget_s": BUDGET_S}
            (row,) = time_method(name, MODELS[name], parse_size(size), **settings)  # type: ignore[arg-type]
            found[f"{name}, {size} (ms)"] = row.row()["p50_ms"]
    return found


def variants(data: Path) -> dict[str, str]:
    """Faster variants that are still the same method, and what they cost."""
    found = {}
    for name in TIMED[:2]:
        qualities = gate(name, list(VARIANTS), data, device="cuda", limit=8)
        for precision, quality in qualities.items():
            settings = {"device": "cuda", "files": False, "budget_s": BUDGET_S}
            (row,) = time_method(
                name,
                MODELS[name],
                parse_size("1mp"),
                precision=precision,
                **settings,  # type: ignore[arg-type]
            )
            verdict = "same" if quality.same else "refused"
            found[f"{name}, {precision}"] = (
                f"{row.row()['p50_ms']:.3g} ms, {quality.moved_db:+.3f} dB ({verdict})"
            )
    return found


def page(report: dict[str, Any]) -> str:
    """The figures as Markdown."""
    machine = report["environment"]
    lines = [f"# On a GPU: {machine['device_name']}", "", "| what | measured |", "|---|---|"]
    for name, part in report["parts"].items():
        for what, value in part.get("figures", {}).items():
            shown = f"{value:.4g}" if isinstance(value, float) else value
            lines.append(f"| {name}: {what} | {shown} |")
        if "failed" in part:
            lines.append(f"| {name} | not measured: {part['failed']} |")
    return "\n".join(lines) + "\n"


def _demo(scratch: Path) -> Path:
    from datagen.build.driver import Resources, build
    from datagen.recipe.load import load_recipe

    changes = ["render.long_edge=256", "source.limit=10"]
    build(load_recipe("demo", changes), scratch / "demo", Resources("local", 4))
    return scratch / "demo"


if __name__ == "__main__":
    sys.exit(main())
