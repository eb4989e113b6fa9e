"""Run a plan: what is there and whole is kept, the rest is made, the manifest says what is what.

The driver only schedules and writes the manifest; workers write the pictures. Files are whole or
absent, a manifest line follows the files it names, and a sample's id decides its pixels, so a build
may be killed at any moment and started again.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from luts.tool.files import open_to_append
from luts.tool.gate import plain_text

from .. import engines
from ..dataset import workspace
from ..dataset.manifest import sort_manifest
from ..dataset.rows import OK, Head, Lost, Row, Sample
from ..dataset.seal import seal
from ..dataset.target import PlaceError, Target, open_target
from ..engines.progress import Progress
from ..engines.worker import Outcome, Task
from ..recipe.load import Recipe, RecipeError, load_recipe
from ..sources import notes_on, read_source, source_folder
from . import distort, lut_checks, plan
from .plan import Job
from .samples import Renderer, lost_rows

Engine = Callable[..., Iterator[Outcome]]  # see datagen.engines
MOST_NOTED = 20  # scenes whose notes are told one by one
TIMINGS = "timings.jsonl"  # seconds per scene: kept apart, so that the manifest is reproducible

# Seconds of processor time that a scene may take before it counts as hung.
BASE_DEADLINE_S = 60.0
DEADLINE_S_PER_MB = 3.0
DEADLINE_S_PER_SAMPLE = 2.0


@dataclass(frozen=True)
class Resources:
    """What a build may use; nothing here changes a byte of the data set."""

    engine: str = "local"
    workers: int = 1
    memory: int = 8 << 30  # bytes of address space per worker; 0 is no limit
    deadline_s: float = 0.0  # of processor time per scene; 0 goes by the size of its file

    def __post_init__(self) -> None:
        if self.workers < 1 or self.memory < 0 or self.deadline_s < 0:
            raise engines.EngineError("workers: at least 1; memory and deadline: not negative")


@dataclass
class Summary:
    """What a build came to."""

    place: str  # the folder or URL
    made: int = 0  # samples
    reused: int = 0
    failed: Counter[str] = field(default_factory=Counter)  # status -> samples
    failures: list[str] = field(default_factory=list)  # a line per scene that failed
    notes: list[str] = field(default_factory=list)  # what about the plan may surprise
    noted: int = 0  # scenes with notes; those of the first are in `notes`
    hash: str = ""  # of the data set, once it is complete
    interrupted: bool = False
    seconds: float = 0.0
    worker_seconds: float = 0.0


def build(
    recipe: Recipe | Path | str, out: Path | str, resources: Resources | None = None
) -> Summary:
    """Build, or go on building, the data set of a recipe in a folder, or at a URL.

    The recipe may be given by the name or path that `load_recipe` takes.

    Scenes that failed in an earlier build are tried again.

    Raises
    ------
    RecipeError
        The recipe cannot be planned, or the folder holds something else.
    PlaceError
        The folder is at work, or the URL cannot be used.
    OSError
        The target cannot be written (full, read-only, forbidden). What is complete stays valid.
    """
    started = time.monotonic()
    resources = resources or Resources()
    if not isinstance(recipe, Recipe):
        recipe = load_recipe(recipe)
    run = engines.load(resources.engine)
    head = Head(recipe.name, recipe.resolved(), False, lut_checks.check_names(recipe))
    target = open_target(out)
    if not (target.shared or resources.engine == "serial"):
        raise PlaceError(f"{target}: no other process can see it; use --engine serial")
    folder = source_folder(recipe.source).absolute()
    scenes = read_source(recipe.source)
    jobs, notes = plan.jobs(recipe, scenes)
    lut_checks.check_splits(recipe, (job.split for job in jobs))
    summary = Summary(str(target), notes=[*notes, *notes_on(recipe.source, scenes)])
    with target.held() as manifest, _interruptible() as stop:
        workspace.claim(target, head)
        target.remove_tree(distort.MEMO)  # another's would be believed
        kept, sources = _kept(recipe, jobs, workspace.whole_rows(target, manifest))
        summary.reused = len(kept)
        todo = [job for job in jobs if _first_sample(recipe, job) not in kept]
        every = (_task(recipe, job, folder, resources) for job in todo)
        tasks = itertools.takewhile(lambda _: not stop.is_set(), every)
        renderer = Renderer(recipe, folder, target.absolute())
        outcomes = _patiently(run, renderer, tasks, resources)
        with Progress(len(todo), f"building {recipe.name}", "scene") as bar:
            for rows in _append(outcomes, renderer, manifest, kept=kept, summary=summary):
                bar.step(failed=any(isinstance(row, Lost) for row in rows))
                summary.notes += _changed_source(rows[0], sources)
        summary.interrupted = stop.is_set()
        if len(kept) == sum(plan.samples_per_scene(recipe, job.scene) for job in jobs):
            summary.hash = _finish(target, manifest, head, kept)
    summary.seconds = time.monotonic() - started
    return summary


def _patiently(
    run: Engine, renderer: Renderer, tasks: Iterable[Task], resources: Resources
) -> Iterator[Outcome]:
    """Do the tasks; one that took too long is tried once more, alone, when all else is done."""
    late = []
    for outcome in run(renderer, tasks, workers=resources.workers, memory=resources.memory):
        if outcome.status == "timeout":
            late.append(outcome.task)
        else:
            yield outcome
    for task in late:
        yield from run(renderer, [task], workers=1, memory=resources.memory)


def _kept(
    recipe: Recipe, jobs: Sequence[Job], rows: Iterable[tuple[int, Sample]]
) -> tuple[dict[str, int], dict[str, str]]:
    """Sample id -> manifest offset, for the scenes of which every sample is there and whole.

    Also, for those of which some are, the SHA-256 of the file that they were made from.
    """
    by_scene = {job.scene.name: job for job in jobs}
    kept: dict[str, tuple[str, int]] = {}
    sources: dict[str, str] = {}
    for offset, row in rows:
        job = by_scene.get(row.scene)
        if job is None:
            raise RecipeError(
                f"the data set holds scene {row.scene!r}, which the source no longer has; "
                "put it back or choose another folder"
            )
        if (row.split, row.source.path) == (job.split, plain_text(job.scene.files[0])):
            kept[row.id] = row.scene, offset
            sources[row.scene] = row.source.sha256
    found = Counter(scene for scene, _ in kept.values())
    whole = {
        name
        for name, count in found.items()
        if count == plan.samples_per_scene(recipe, by_scene[name].scene)
    }
    known = {sample: offset for sample, (scene, offset) in kept.items() if scene in whole}
    return known, {name: digest for name, digest in sources.items() if name not in whole}


def _changed_source(row: Row, before: Mapping[str, str]) -> list[str]:
    """A note when a scene that was there in part has been made again from another file."""
    digest = row.source.sha256 if row.source else ""
    if not digest or before.get(row.scene, digest) == digest:
        return []
    return [f"{row.scene}: its source file has changed since; all its samples were made anew"]


def _first_sample(recipe: Recipe, job: Job) -> str:
    return next(plan.samples(recipe, job.scene)).id


def _task(recipe: Recipe, job: Job, folder: Path, resources: Resources) -> Task:
    if resources.deadline_s:
        return Task(job, resources.deadline_s)
    size = sum(path.stat().st_size for file in job.scene.files if (path := folder / file).exists())
    samples = plan.samples_per_scene(recipe, job.scene)
    return Task(
        job, BASE_DEADLINE_S + DEADLINE_S_PER_MB * size / 1e6 + DEADLINE_S_PER_SAMPLE * samples
    )


def _append(
    outcomes: Iterable[Outcome],
    renderer: Renderer,
    manifest: Path,
    *,
    kept: dict[str, int],
    summary: Summary,
) -> Iterator[list[Row]]:
    """Append every scene's rows as soon as it is done, and yield them."""
    with (
        workspace.Appender(renderer.out, manifest) as appender,
        os.fdopen(open_to_append(manifest.with_name(TIMINGS)), "r+", encoding="utf-8") as timings,
    ):
        for outcome in outcomes:
            scene, rows = outcome.task.job.scene.name, _rows(renderer.recipe, outcome)
            kept.update(appender.append(scene, rows))
            _count(summary, rows)
            summary.worker_seconds += outcome.seconds
            timings.write(json.dumps({"scene": scene, "seconds": round(outcome.seconds, 3)}) + "\n")
            yield rows


def _rows(recipe: Recipe, outcome: Outcome) -> list[Row]:
    """What a worker returned, or the rows that say how its scene was lost."""
    if outcome.status == OK:
        return outcome.result
    return lost_rows(recipe, outcome.task.job, outcome.status, outcome.reason)


def _count(summary: Summary, rows: Sequence[Row]) -> None:
    lost = [row for row in rows if isinstance(row, Lost)]
    summary.made += len(rows) - len(lost)
    summary.failed.update(row.status for row in lost)
    noted = next((row for row in rows if isinstance(row, Sample) and row.notes), None)
    if noted is not None:
        summary.noted += 1
        if summary.noted <= MOST_NOTED:
            summary.notes += [f"{noted.scene}: {note}" for note in noted.notes]
    if lost:
        first = lost[0]
        summary.failures.append(f"{first.scene}: {first.status}: {first.reason}")


def _finish(target: Target, manifest: Path, head: Head, kept: dict[str, int]) -> str:
    """Sort the manifest and sign the data set with its hash."""
    sort_manifest(manifest, kept)
    target.remove_tree(distort.MEMO)
    return seal(target, manifest, head).hash


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """Set the event on the first Ctrl-C, so that running scenes end; the second stops at once."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def on_interrupt(number: int, frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        print("finishing the scenes at work; Ctrl-C again stops at once", file=sys.stderr)

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
