"""Cost of the harness itself: overhead of a run, resuming a finished one, loading many rows.

    python -m benchmarks.speed.harness [DATA_SET [LIMIT]]

Without arguments the demo data set is built first; LIMIT takes its first samples only.

There is no peer that stores the same thing; every figure stands beside its target instead.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from ..report.summary import COLUMNS, tabulate
from ..rows import ROWS, RUN, load_rows
from ..run import run

METHODS = ["classical", "highlight_shadow_gaussian"]
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


def _timed(call):
    started = time.perf_counter()
    result = call()
    return result, time.perf_counter() - started


def _demo(scratch: Path) -> Path:
    from datagen.build import Resources, build
    from datagen.recipe import load_recipe

    build(
        load_recipe("demo", []), scratch / "demo", Resources("local", len(os.sched_getaffinity(0)))
    )
    return scratch / "demo"


def _many_rows(out: Path, many: Path) -> Path:
    """Repeat the evaluations of a run under other samples' names up to TARGET_ROWS long rows."""
    about = json.loads((out / RUN).read_text())
    records = [json.loads(line) for line in (out / ROWS).read_text().splitlines()]
    copies = -(-TARGET_ROWS // sum(len(record["values"]) for record in records))
    lines, keys = [], []
    for copy in range(copies):
        for record in records:
            names = {name: f"{record[name]}/{copy}" for name in ("key", "sample", "scene")}
            keys.append(names["key"])
            lines.append(json.dumps(record | names) + "\n")
    many.mkdir()
    (many / ROWS).write_text("".join(lines))
    (many / RUN).write_text(json.dumps(about | {"keys": keys}))
    return many


if __name__ == "__main__":
    main()
