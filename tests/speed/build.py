"""How fast data sets are planned, built, resumed and verified: `make bench-build`.

python -m tests.speed.build                  every part, a few minutes
python -m tests.speed.build scaling driver   some of them
python -m tests.speed.build memory --count 10000
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from datagen.build import plan
from datagen.build.driver import Resources, Summary, build
from datagen.dataset.verify import verify
from datagen.images.codes import quantise
from datagen.images.files import write_image
from datagen.recipe.load import Recipe, load_recipe
from datagen.sources import read_source
from luts.tool.files import sha256_file

TINY = """
name = "tiny"
[source]
folder = "{folder}"
[render]
evs = [0]
[[mask]]
kind = "circle"
"""
Line = tuple[str, str, str]  # what, how much, what is wanted or beside it


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--count", type=int, default=2000, help="tiny samples built (2000)")
    args = parser.parse_args()
    for name in args.parts:
        if name not in PARTS:
            parser.error(f"{name}: parts are {', '.join(PARTS)}")
    for name in args.parts or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            for what, value, note in PARTS[name](Path(folder), args.count):
                print(f"{what:38}  {value:>12}  {note}", flush=True)


def scaling(folder: Path, count: int) -> Iterator[Line]:
    """The demo recipe with one worker and with two, and again with nothing to do.

    What this machine can gain at all is told by two builds that know nothing of each other.
    """
    recipe = load_recipe("demo")
    seconds = {}
    for workers in (1, 2):
        built = build(recipe, folder / f"demo{workers}", Resources(workers=workers))
        seconds[workers] = built.seconds
        yield f"demo, workers: {workers}", f"{built.seconds:.1f} s", f"{built.made} samples"
    alone, beside = _unconnected(folder, 1), _unconnected(folder, 2)
    ceiling = f"wanted 1.7; two unconnected builds: {2 * alone / beside:.2f} x"
    yield "speed-up", f"{seconds[1] / seconds[2]:.2f} x", ceiling
    again = build(recipe, folder / "demo2", Resources(workers=2))
    yield "demo, nothing to do", f"{again.seconds:.2f} s", f"{again.reused} samples kept"


def _unconnected(folder: Path, processes: int) -> float:
    """Seconds that so many builds take side by side, each in one process of its own."""
    command = [sys.executable, "-m", "datagen", "build", "demo", "--engine", "serial", "-o"]
    started = time.perf_counter()
    running = [
        subprocess.Popen(
            [*command, str(folder / f"alone{processes}_{number}")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for number in range(processes)
    ]
    if any(process.wait() for process in running):
        raise RuntimeError("a build failed")
    return time.perf_counter() - started


def driver(folder: Path, count: int) -> Iterator[Line]:
    """Processor time of the driver beside that of its worker, whatever else the machine does."""
    before = os.times()
    built = build(load_recipe("demo"), folder / "demo", Resources(workers=1))
    after = os.times()
    here = after.user - before.user + after.system - before.system
    worker = after.children_user - before.children_user
    worker += after.children_system - before.children_system
    yield "driver's processor time, demo", f"{here:.2f} s", f"{built.made} samples"
    yield "beside its worker's", f"{here / worker:.1%}", f"of {worker:.1f} s; wanted below 3 %"


def planning(folder: Path, count: int, samples: int = 10_000) -> Iterator[Line]:
    """Ten thousand tiny pictures: listed, divided, their samples named; nothing opened."""
    recipe = _tiny(folder, samples)
    started = time.perf_counter()
    jobs, _ = plan.jobs(recipe, read_source(recipe.source))
    planned = sum(1 for job in jobs for _ in plan.samples(recipe, job.scene))
    seconds = time.perf_counter() - started
    yield f"{planned} samples planned", f"{seconds:.2f} s", "wanted below 2 s"
    grouped = load_recipe(recipe.path, ["source.near_duplicates=true"])
    started = time.perf_counter()
    plan.jobs(grouped, read_source(grouped.source))
    yield "the same, looking for near-duplicates", f"{time.perf_counter() - started:.2f} s", ""


def verifying(folder: Path, count: int) -> Iterator[Line]:
    """A built set verified, beside only reading and hashing its files once and in turn."""
    for name, recipe in (
        ("demo at 512 pixels", load_recipe("demo", ["render.long_edge=512"])),
        (f"{count} tiny", _tiny(folder / "photos", count)),
    ):
        out = folder / name.replace(" ", "_")
        build(recipe, out, Resources(workers=2))
        files = [path for path in out.rglob("*.*") if path.is_file()]
        size = sum(path.stat().st_size for path in files) / 1e6
        started = time.perf_counter()
        for path in files:
            sha256_file(path)
        read = time.perf_counter() - started
        started = time.perf_counter()
        report = verify(out)
        seconds = time.perf_counter() - started
        if report.problems:
            raise RuntimeError(report.problems[0])
        yield f"{name}: verified", f"{seconds:.2f} s", f"{size / seconds:.0f} MB/s"
        yield f"{name}: read and hashed", f"{read:.2f} s", f"{len(files)} files, {size:.0f} MB"


def memory(folder: Path, count: int) -> Iterator[Line]:
    """The driver's peak memory, each build in a fresh process."""
    for scenes in (count // 20, count):
        recipe = _tiny(folder / f"photos{scenes}", scenes)
        built, peak = _in_fresh_process(recipe, folder / f"set{scenes}")
        yield f"driver's peak memory, {scenes} scenes", f"{peak:.0f} MB", ""
    yield f"{count} tiny samples built", f"{built.seconds:.0f} s", _each(built, count)


PARTS: dict[str, Callable[[Path, int], Iterator[Line]]] = {
    "scaling": scaling,
    "driver": driver,
    "planning": planning,
    "verifying": verifying,
    "memory": memory,
}


def _each(built: Summary, count: int) -> str:
    return f"{built.seconds / count * 1e3:.1f} ms each, workers {built.worker_seconds:.0f} s"


def _tiny(folder: Path, count: int) -> Recipe:
    """Pictures of 16 x 16 pixels, each its own scene."""
    rng = np.random.default_rng(0)
    for number in range(count):
        write_image(folder / f"p{number:05d}.png", quantise(rng.random((16, 16, 3))))
    path = folder / "r.toml"
    path.write_text(TINY.format(folder=folder))
    return load_recipe(path)


def _in_fresh_process(recipe: Recipe, out: Path) -> tuple[Summary, float]:
    """A build and its driver's peak memory in megabytes."""
    import multiprocessing

    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_build_and_tell, args=(theirs, recipe.path, out)
    )
    process.start()
    theirs.close()
    found = ours.recv()
    process.join()
    return found


def _build_and_tell(pipe, path: str, out: Path) -> None:
    built = build(load_recipe(path), out, Resources(workers=2))
    pipe.send((built, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


if __name__ == "__main__":
    main()
