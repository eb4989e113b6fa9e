"""Cost of the harness itself: overhead of a run, resuming a finished one, loading many rows.

    python -m tests.speed.harness [DATA_SET [LIMIT]]

Without arguments the demo data set is built first; LIMIT takes its first samples only. There is no
peer that stores the same thing; every figure stands beside its target instead.

On a GPU also: how much of a run the device is busy, and how much faster the whole table of methods
is than a plain loop over pairs and methods. Both want a set of 1,000 pairs of 512 pixels.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.front import run
from benchmarks.harness.long_table import load_rows
from benchmarks.harness.predict import predictor
from benchmarks.harness.rows import ROWS
from benchmarks.harness.run_info import RUN
from benchmarks.methods import find_methods
from benchmarks.methods.models.trained.checkpoints import UntrainedError
from benchmarks.metrics import Target, score_target
from benchmarks.report.summary import COLUMNS, tabulate
from datagen.dataset.read import load_pair, open_dataset

METHODS = ["classical", "highlight_shadow_gaussian"]
TABLE = ["classical", "model"]
TARGET_ROWS = 100_000


def main() -> None:
    """Print one table: what, measured, target."""
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(sys.argv[1]) if len(sys.argv) > 1 else _demo(Path(scratch))
        out = Path(scratch) / "run"
        jobs = len(os.sched_getaffinity(0))
        settings = {"limit": int(sys.argv[2]) if len(sys.argv) > 2 else None, "jobs": jobs}
        first = run(data, METHODS, out, **settings)
        again, resumed = _timed(lambda: run(data, METHODS, out, **settings))
        many = _many_rows(out, Path(scratch) / "many")
        table, loading = _timed(lambda: load_rows(many))
        _, aggregating = _timed(lambda: tabulate(table, COLUMNS))
        assert again.reused == again.asked
        print(f"{first.asked} evaluations in {first.seconds:.1f} s on {jobs} processes")
        print("| what | measured | target |\n|---|---:|---:|")
        print(f"| wall time outside decode, method, metric | {first.overhead:.1%} | 5 % |")
        print(f"| resume the finished run | {resumed:.2f} s | 3 s |")
        print(f"| load {len(table)} rows | {loading:.2f} s | |")
        print(f"| load and aggregate them | {loading + aggregating:.2f} s | 2 s |")
        on_gpu(data, Path(scratch), settings)


def on_gpu(data: Path, scratch: Path, settings: dict) -> None:
    """Print what only a GPU can tell, or that there is none."""
    import torch

    if not torch.cuda.is_available():
        print("no GPU: neither how busy it is, nor the table against one pair at a time")
        return
    from torch.autograd import DeviceType
    from torch.profiler import ProfilerActivity, profile

    settings = settings | {"device": "cuda"}
    run(data, ["model"], scratch / "warm", **settings | {"limit": 2})
    with profile(activities=[ProfilerActivity.CUDA]) as record:
        models, seconds = _timed(lambda: run(data, ["model"], scratch / "models", **settings))
    kernels = [e.time_range for e in record.events() if e.device_type == DeviceType.CUDA]
    spans = [(kernel.start, kernel.end) for kernel in kernels]
    share = covered(spans) / 1e6 / seconds
    print(f"| {torch.cuda.get_device_name()} busy, {models.asked} of models | {share:.0%} | 85 % |")
    _, ours = _timed(lambda: run(data, TABLE, scratch / "table", **settings))
    _, plain = _timed(lambda: one_by_one(data, TABLE, settings["limit"], "cuda"))
    print(f"| whole table against one pair at a time | {plain / ours:.1f}x | 5x |")


def covered(spans: Iterable[tuple[float, float]]) -> float:
    """Add up the length of intervals, counting what several cover once."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


def one_by_one(data: Path, names: list[str], limit: int | None, device: str) -> int:
    """Score as a script would: a loop over pairs, in it a loop over methods. Returns the count."""
    dataset, predictors = open_dataset(data), {}
    for name, method in find_methods(names).items():
        try:
            predictors[name] = predictor(name, method, device)
        except UntrainedError:
            continue
    scored = 0
    for row in dataset.select(split="test")[:limit]:
        pair = load_pair(dataset, row)
        target = Target(pair.reference, pair.degraded, pair.regions)
        for predict in predictors.values():
            scored += bool(score_target(predict(pair, target.ideal.encoded), target))
    return scored


def _timed(call):
    started = time.perf_counter()
    result = call()
    return result, time.perf_counter() - started


def _demo(scratch: Path) -> Path:
    from datagen.build.driver import Resources, build
    from datagen.recipe.load import load_recipe

    build(
        load_recipe("demo", []), scratch / "demo", Resources("local", len(os.sched_getaffinity(0)))
    )
    return scratch / "demo"


def _many_rows(out: Path, many: Path) -> Path:
    """Repeat the evaluations of a run under other samples' names up to TARGET_ROWS long rows."""
    about = json.loads((out / RUN).read_text())
    made = {name: facts["made"] for name, facts in about["methods"].items()}
    records = [json.loads(line) for line in (out / ROWS).read_text().splitlines()]
    copies = -(-TARGET_ROWS // sum(len(record["values"]) for record in records))
    lines: list[str] = []
    for copy in range(copies):
        for record in records:
            names = {name: f"{record[name]}_{copy}" for name in ("sample", "group")}
            names["key"] = f"{made[record['method']]}{len(lines):x}"
            lines.append(json.dumps(record | names) + "\n")
    many.mkdir()
    (many / ROWS).write_text("".join(lines))
    (many / RUN).write_text(json.dumps(about))
    return many


if __name__ == "__main__":
    main()
