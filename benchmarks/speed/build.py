"""How fast data sets are planned, built, verified and resumed: `make bench-build`."""

from __future__ import annotations

import resource
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np

from datagen import plan
from datagen.build import Resources, build
from datagen.images import quantise, write_image
from datagen.recipe import Recipe, load_recipe
from datagen.sources import read_source
from datagen.verify import verify

TINY = """
name = "tiny"
[source]
folder = "{folder}"
[render]
evs = [0]
[[mask]]
kind = "circle"
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = [*scaling(Path(folder)), *many(Path(folder))]
    width = max(len(name) for name, _, _ in rows)
    for name, value, wanted in rows:
        print(f"{name:{width}}  {value:>12}  {wanted}")


def scaling(folder: Path) -> list[tuple[str, str, str]]:
    """The demo recipe with one worker and with two; what the driver adds."""
    recipe = load_recipe("demo")
    seconds, summary = {}, None
    for workers in (1, 2):
        out = folder / f"demo{workers}"
        summary = build(recipe, out, Resources(workers=workers))
        seconds[workers] = summary.seconds
    started = time.process_time()
    build(recipe, folder / "demo2", Resources(workers=2))
    resume = time.process_time() - started
    out = folder / "driver"
    started = time.process_time()
    summary = build(recipe, out, Resources(workers=1))
    driver = time.process_time() - started
    return [
        ("demo, 1 worker", f"{seconds[1]:.1f} s", ""),
        ("demo, 2 workers", f"{seconds[2]:.1f} s", ""),
        ("speed-up", f"{seconds[1] / seconds[2]:.2f} x", "wanted 1.7"),
        ("driver's own time", f"{driver / summary.worker_seconds:.1%}", "wanted below 3 %"),
        ("demo, nothing to do", f"{resume:.1f} s", ""),
    ]


def many(folder: Path, count: int = 10_000) -> list[tuple[str, str, str]]:
    """Ten thousand tiny samples: planned, built, verified; the driver's memory on the way."""
    small = _tiny(folder / "few", 500)
    build(small, folder / "few_set", Resources(workers=2))
    before = _peak_mb()
    recipe = _tiny(folder / "many", count)
    started = time.perf_counter()
    jobs = plan.jobs(recipe, read_source(recipe.source))
    samples = sum(1 for job in jobs for _ in plan.samples(recipe, job.scene))
    planned = time.perf_counter() - started
    started = time.perf_counter()
    build(recipe, folder / "many_set", Resources(workers=2))
    built = time.perf_counter() - started
    after = _peak_mb()
    started = time.perf_counter()
    report = verify(folder / "many_set")
    checked = time.perf_counter() - started
    size = sum(path.stat().st_size for path in (folder / "many_set").rglob("*.png"))
    shutil.rmtree(folder / "many_set")
    if samples != count or report.problems:
        raise RuntimeError(f"planned {samples} of {count}; {report.problems[:3]}")
    return [
        (f"{count} samples planned", f"{planned:.2f} s", "wanted below 2 s"),
        (f"{count} samples built", f"{built:.0f} s", f"{built / count * 1e3:.1f} ms each"),
        (f"{count} samples verified", f"{checked:.1f} s", f"{size / checked / 1e6:.1f} MB/s"),
        ("driver's peak memory", f"{after:.0f} MB", f"{before:.0f} MB at 500 scenes"),
    ]


def _tiny(folder: Path, count: int) -> Recipe:
    """Pictures of 16 x 16 pixels, each its own scene."""
    rng = np.random.default_rng(0)
    for number in range(count):
        write_image(folder / f"p{number:05d}.png", quantise(rng.random((16, 16, 3))))
    path = folder / "r.toml"
    path.write_text(TINY.format(folder=folder))
    return load_recipe(path)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
