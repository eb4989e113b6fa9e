"""`make bench-scale`: time and memory of everything that reads a manifest, by its rows.

A set of so many rows is made whose pictures are a few shared small ones; what is measured is what
grows with the rows. Seconds are of processor time. Each task runs in a process of its own, whose
peak memory is compared with that of one which only imports the package. Beside it stands the plain
way: every line by json.loads, in a list of dicts.

    python -m tests.speed.scale 10000 100000            all tasks
    python -m tests.speed.scale 1000000 --tasks open    some tasks
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.harness.groups import schedule
from benchmarks.harness.plan import Resources as Scorers
from benchmarks.harness.plan import RunPlan
from benchmarks.harness.prepare import prepare
from benchmarks.harness.rows import read_evaluations, to_line
from benchmarks.harness.run import run
from benchmarks.harness.run_info import load_run
from benchmarks.harness.tasks import Pairs, Plan, list_tasks
from benchmarks.methods.classical import CLASSICAL
from benchmarks.report.results import load_results
from benchmarks.report.write import write_report
from datagen.build import plan as planned
from datagen.build.driver import Resources, build
from datagen.build.estimate import estimate
from datagen.dataset.manifest import dataset_hash, dump_row, read_rows
from datagen.dataset.pack import pack
from datagen.dataset.preview import write_preview
from datagen.dataset.read import open_dataset
from datagen.dataset.seal import seal
from datagen.dataset.stats import write_stats
from datagen.dataset.target import open_target
from datagen.dataset.verify import verify
from datagen.dataset.workspace import read_dataset, write_dataset
from datagen.images.files import write_image
from datagen.recipe.load import load_recipe
from datagen.sources.scene import Scene
from tests import browser

PER_SCENE = 8
SHOWN = "preview, 5000"
TOML = """
name = "scale"
[source]
folder = "{folder}"
licence = "CC0-1.0"
[render]
evs = [-1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2]
long_edge = {edge}
"""


def make(folder: Path, count: int, edge: int = 16) -> None:
    """A set of `count` rows, signed, of which every scene has the pictures of one small scene."""
    picture = np.random.default_rng(0).integers(0, 255, (edge, edge * 3 // 2, 3), np.uint8)
    write_image(folder / "photos" / "p.png", picture)
    (folder / "r.toml").write_text(TOML.format(folder=folder / "photos", edge=edge))
    build(load_recipe(folder / "r.toml"), folder / "set", Resources(engine="serial"))
    manifest = folder / "set" / "manifest.jsonl"
    rows = list(read_rows(manifest))
    with manifest.open("wb") as stream:
        for number in range(count // PER_SCENE):
            name = f"s{number:08d}"
            group = {"scene": name, "group": name}
            for row in rows:
                id = f"{name}/{row.id.partition('/')[2]}"
                source = dataclasses.replace(row.source, sha256=f"{number:064x}")
                stream.write(dump_row(dataclasses.replace(row, id=id, source=source, **group)))
    head = read_dataset(folder / "set")
    signed = dataset_hash(read_rows(manifest))
    write_dataset(folder / "set", dataclasses.replace(head, hash=signed, files={}))


def make_results(folder: Path, count: int) -> None:
    """A results folder of `count` evaluations of the set, each with the values of a real one."""
    plan = RunPlan(folder / "set", ["gamma"], split="train", limit=PER_SCENE)
    run(plan, folder / "run")
    first = {row.method: row for row in read_evaluations(folder / "run")}
    asked = dataclasses.replace(plan, limit=count // len(first))
    dataset, _, _, _, _, tasks = prepare(asked, folder / "run", Scorers())
    with (folder / "run" / "rows.jsonl").open("w") as stream:
        for sample, task in zip(dataset.select(split="train"), tasks, strict=False):
            for name in task.names:
                about = {"key": task.key(name), "sample": sample.id, "group": sample.group}
                stream.write(to_line(dataclasses.replace(first[name], **about)))


def _resume(folder: Path, count: int) -> None:
    methods = load_run(folder / "run").methods
    plan = RunPlan(folder / "set", ["gamma"], split="train", limit=count // len(methods))
    summary = run(plan, folder / "run")
    assert summary.asked == summary.reused == count // len(methods) * len(methods)


def _seal(folder: Path, count: int) -> None:
    head = read_dataset(folder / "set")
    seal(open_target(folder / "set"), folder / "set" / "manifest.jsonl", head)


def _plan(folder: Path, count: int) -> None:
    recipe = load_recipe(folder / "r.toml")
    names = (f"s{number:08d}" for number in range(count // PER_SCENE))
    scenes = [Scene(name, path="p.png", group=name) for name in names]
    jobs, _ = planned.jobs(recipe, scenes)
    estimate(recipe, jobs, folder / "photos")


def _tasks(folder: Path, count: int) -> None:
    methods = {name: CLASSICAL[name] for name in list(CLASSICAL)[:8]}
    plan = Plan(makes=dict.fromkeys(methods, ""), measures=dict.fromkeys(methods, ""))
    pairs = Pairs()
    open_dataset(folder / "set", pairs.note)  # every row of it is a sample
    assert sum(map(len, schedule(list_tasks(pairs, methods, plan), 1))) >= count


def _plain(folder: Path, count: int) -> None:
    with (folder / "set" / "manifest.jsonl").open("rb") as stream:
        rows = [json.loads(line) for line in stream]
    assert len(rows) == count


TASKS: dict[str, Callable[[Path, int], object]] = {
    "nothing": lambda folder, count: None,
    "json.loads, list": _plain,
    "open": lambda folder, count: open_dataset(folder / "set"),
    "select": lambda folder, count: sum(
        1 for _ in open_dataset(folder / "set").select(split="train", ev=1.0)
    ),
    "tasks, 8 methods": _tasks,
    "plan": _plan,
    "verify": lambda folder, count: verify(folder / "set"),
    "stats": lambda folder, count: write_stats(open_dataset(folder / "set"), folder / "stats"),
    "preview, 60": lambda folder, count: write_preview(
        open_dataset(folder / "set"), folder / "p.html"
    ),
    SHOWN: lambda folder, count: write_preview(
        open_dataset(folder / "set"), folder / "all.html", scenes=5000
    ),
    "seal": _seal,
    "resume, 44 values": _resume,
    "load_results": lambda folder, count: load_results([folder / "run"]),
    "report": lambda folder, count: write_report(folder / "run"),
    "pack": lambda folder, count: pack(folder / "set", folder / "packed"),
}


def browse(page: Path, screenshot: Path | None = None) -> str:
    """Open a preview in Chromium: how long its first page takes, and that it has pictures."""
    if why := browser.missing():
        return f"not opened in a browser: {why}"
    with browser.Browser() as chromium:
        before = chromium.processor_seconds()
        seconds = chromium.go(page.as_uri())
        shown = chromium.js(
            "const all = [...document.images].filter(image => image.src);"
            "await Promise.all(all.map(image => image.decode()));"
            "return all.filter(image => image.naturalWidth).length;"
        )
        spent = chromium.processor_seconds() - before
        assert shown and not chromium.console()
        if screenshot:
            chromium.screenshot(screenshot)
    return (
        f"first page of {page.stat().st_size / 1e6:.1f} MB loaded in {seconds:.2f} s by the clock; "
        f"{spent:.1f} s of the browser's processor time until its {shown} pictures are decoded"
    )


RESULTS = {"resume, 44 values", "load_results", "report"}


def one(task: str, folder: Path, count: int) -> None:
    """In a process of its own: print seconds of processor time, and peak memory."""
    started = _processor_time()
    TASKS[task](folder, count)
    seconds = _processor_time() - started
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024]))


def _processor_time() -> float:
    """Of this process, its threads, and the processes that it has waited for."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        one(args.one[0], Path(args.one[1]), args.rows[0])
        return
    print(f"{'task':18} {'rows':>9} {'seconds':>8} {'us/row':>7} {'MB':>7} {'B/row':>7}")
    for count in args.rows:
        with tempfile.TemporaryDirectory() as place:
            make(Path(place), count)
            if RESULTS & set(args.tasks):
                make_results(Path(place), count)
            floor = 0
            for task in dict.fromkeys(["nothing", *args.tasks]):
                command = [sys.executable, "-m", "tests.speed.scale", str(count)]
                done = subprocess.run(
                    [*command, "--one", task, place], capture_output=True, text=True, check=True
                )
                seconds, peak = json.loads(done.stdout.splitlines()[-1])
                floor = floor or peak
                each = (
                    f"{seconds / count * 1e6:7.0f} {peak / 1e6:7.0f} {(peak - floor) / count:7.0f}"
                )
                print(f"{task:18} {count:9d} {seconds:8.1f} {each}", flush=True)
            if SHOWN in args.tasks:
                print(f"{SHOWN}: {browse(Path(place, 'all.html'))}", flush=True)


if __name__ == "__main__":
    main()
