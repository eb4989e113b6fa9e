"""Evaluate tasks, in this process or in several that may die."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import cv2

from datagen.dataset import DataSet, load_pair
from datagen.engines import local
from datagen.engines.worker import Task as Job
from datagen.files import sha256_file
from datagen.manifest import ManifestError
from luts.command import UserError

from .metrics import Target, score_target
from .predict import Estimator, estimator

if TYPE_CHECKING:
    import numpy as np

    from datagen.dataset import Pair

    from .method import Method
    from .predictions import Predictions
    from .tasks import Task

Records = list[dict[str, Any]]
Done = tuple[Records, float]  # the records, and the seconds spent on decoding, methods and metrics


@dataclass(frozen=True)
class Loaded:
    """A group of tasks with its pictures, or with the reason why there are none."""

    group: tuple[Task, ...]
    samples: list[tuple[Pair, Target] | Exception]


@dataclass
class Evaluator:
    """Scores groups of tasks; keeps loaded methods between them. Pickles before its first use.

    dataset : of which only the folder is used
    methods : name -> method, loaded when a task first asks for it: without a model, no torch
    metrics : names of what is measured
    device : where models run
    predictions : where predictions are kept and found, if they are
    """

    dataset: DataSet
    methods: dict[str, Method]
    metrics: Sequence[str]
    device: str = "cpu"
    predictions: Predictions | None = None
    _estimators: dict[str, Estimator] = field(default_factory=dict, repr=False)

    def __call__(self, group: tuple[Task, ...]) -> Done:
        """Load and score a group."""
        started = time.perf_counter()
        records = self.score(self.load(group))
        return records, time.perf_counter() - started

    def load(self, group: tuple[Task, ...]) -> Loaded:
        """Decode the pictures of a group and make what all methods share."""
        samples: list[tuple[Pair, Target] | Exception] = []
        for task in group:
            try:
                pair = self._load(task)
                samples.append((pair, Target(pair.reference, pair.degraded, pair.regions)))
            except UserError as error:
                samples.append(error)
        return Loaded(group, samples)

    def score(self, loaded: Loaded) -> Records:
        """Run and score every method of a group; whatever fails costs only its own rows."""
        records: Records = []
        usable = []
        for task, sample in zip(loaded.group, loaded.samples, strict=True):
            if isinstance(sample, Exception):
                records += [failure(task, name, _status(sample)) for name in task.keys]
            else:
                usable.append((task, *sample))
        for name in dict.fromkeys(name for task, *_ in usable for name in task.keys):
            asked = [sample for sample in usable if name in sample[0].keys]
            for (task, _, target), (estimate, seconds) in zip(
                asked, self._estimates(name, asked), strict=True
            ):
                records.append(self._measure(task, name, target, estimate, seconds))
        return records

    def _load(self, task: Task) -> Pair:
        """Read a pair, refusing files that are no longer those the manifest speaks of."""
        row = task.row
        for path in (row["input"], row["references"][task.reference], row["regions"]):
            file = self.dataset.folder / path
            if not file.is_file() or sha256_file(file) != row["sha256"][path]:
                raise ManifestError(f"{file}: missing or changed since it was built")
        return load_pair(self.dataset, row, task.reference)

    def _estimates(self, name: str, asked: list) -> list[tuple[np.ndarray | Exception, float]]:
        """Give the estimate, or what went wrong, and the seconds for each of some samples."""
        results: list = [None] * len(asked)
        if self.predictions:
            for i, (task, _, _) in enumerate(asked):
                started = time.perf_counter()
                found = self.predictions.find(name, task.row["id"], task.estimates[name])
                results[i] = None if found is None else (found, time.perf_counter() - started)
        missing = [i for i, result in enumerate(results) if result is None]
        pairs = [(asked[i][1], asked[i][2].ideal.encoded) for i in missing]
        for i, result in zip(missing, self._infer(name, pairs) if pairs else [], strict=True):
            results[i] = result
        if self.predictions:
            for i in missing:
                task, (estimate, seconds) = asked[i][0], results[i]
                if not isinstance(estimate, Exception):
                    place = (name, task.row["id"], task.estimates[name])
                    results[i] = (self.predictions.keep(*place, estimate), seconds)
        return results

    def _infer(self, name: str, pairs: list) -> list[tuple[np.ndarray | Exception, float]]:
        """Run a method on samples, together if it can; a batch that fails is run one by one."""
        if len(pairs) != 1 and self.methods[name].kind != "model":
            return [result for pair in pairs for result in self._infer(name, [pair])]
        started = time.perf_counter()
        try:
            if name not in self._estimators:
                self._estimators[name] = estimator(name, self.methods[name], self.device)
                started = time.perf_counter()  # loading is not what a row's seconds are about
            estimates = self._estimators[name](pairs)
        except Exception as error:  # whatever a method does, the run goes on and the row says so
            if len(pairs) > 1:
                return [result for pair in pairs for result in self._infer(name, [pair])]
            estimates = [error]
        seconds = (time.perf_counter() - started) / len(pairs)
        return [(estimate, seconds) for estimate in estimates]

    def _measure(
        self, task: Task, name: str, target: Target, estimate: Any, seconds: float
    ) -> dict[str, Any]:
        try:
            if isinstance(estimate, Exception):
                raise estimate
            values = score_target(estimate, target, names=self.metrics)
        except Exception as error:
            return failure(task, name, _status(error), seconds)
        return labels(task, name) | {"status": "ok", "seconds": seconds, "values": values}


def evaluate(groups: list[tuple[Task, ...]], evaluator: Evaluator, jobs: int) -> Iterator[Done]:
    """Evaluate groups of tasks and yield their records as they come.

    Parameters
    ----------
    groups : the work, in the order in which it is handed out
    evaluator : what scores it
    jobs : processes; 1 does everything in this one, where a crash of native code ends the run. A
        worker that dies is replaced, and costs only the evaluation it died of.
    """
    if jobs == 1:
        yield from _here(groups, evaluator)
        return
    lost: list[Task] = []
    for outcome in _in_workers(groups, evaluator, jobs):
        if outcome.status == "ok":
            yield outcome.result
        else:
            lost += outcome.task.job
    alone = [(task.only([name]),) for task in lost for name in task.keys]
    for outcome in _in_workers(alone, evaluator, jobs):
        if outcome.status == "ok":
            yield outcome.result
        else:
            (task,) = outcome.task.job
            status = f"{outcome.status}: {outcome.reason}"
            yield [failure(task, name, status) for name in task.keys], outcome.seconds


def _in_workers(groups: list, evaluator: Evaluator, jobs: int) -> Iterator:
    if not groups:
        return iter(())
    tasks = [Job(group, deadline_s=float("inf")) for group in groups]
    return local.run(
        partial(_on_one_core, evaluator), tasks, workers=min(jobs, len(tasks)), memory=0
    )


def _on_one_core(evaluator: Evaluator, group: tuple[Task, ...]) -> Done:
    cv2.setNumThreads(1)
    return evaluator(group)


def _here(groups: list, evaluator: Evaluator) -> Iterator[Done]:
    """Evaluate in this process; with a device, the next group is decoded while it works."""
    if evaluator.device == "cpu":
        yield from map(evaluator, groups)
        return
    with ThreadPoolExecutor(1) as ahead:
        waiting = [partial(ahead.submit, evaluator.load, group) for group in groups]
        coming = waiting[0]() if waiting else None
        for start in [*waiting[1:], None]:
            begun = time.perf_counter()
            loaded, coming = coming.result(), start() if start else None
            records = evaluator.score(loaded)
            yield records, time.perf_counter() - begun


def failure(task: Task, name: str, status: str, seconds: float = 0.0) -> dict[str, Any]:
    """Make the record of an evaluation that has no values."""
    return labels(task, name) | {"status": status, "seconds": seconds, "values": {}}


def labels(task: Task, name: str) -> dict[str, Any]:
    """Make the part of a record that says what was evaluated."""
    row, distortion = task.row, task.row["distortion"] or {}
    return {
        "key": task.keys[name],
        "method": name,
        "sample": row["id"],
        "scene": row["group"],  # views of one place are one scene to the statistics
        "ev": row["ev"],
        "distortion": distortion.get("family") or distortion.get("name") or "none",
        "severity": distortion.get("image_severity", 0.0),
        "mask": row["mask"]["kind"],
        "expert": task.reference,
        "coverage": row["coverage"],
    }


def _status(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]
