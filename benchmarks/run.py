"""Score methods on a data set: every row appended as it is computed, nothing computed twice."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from datagen.dataset import DataSet, load_pair, open_dataset
from datagen.files import sha256_file, write_text
from datagen.manifest import ManifestError
from luts.command import UserError

from .environment import describe
from .methods import EXTERNAL, MethodError, find_methods
from .metrics import METRICS, Target, score_target
from .predict import Predict, UntrainedError, fingerprint, picture_of, predictor
from .rows import RUN, RunError, evaluation_key, open_for_append, read_records, to_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from datagen.dataset import Pair

    from .method import Method


@dataclass(frozen=True)
class Summary:
    """What a run did: evaluations asked for, found already done, failed; models without weights.

    `overhead` is the share of the workers' wall time spent outside decoding, methods and metrics.
    """

    asked: int
    reused: int
    failed: int
    untrained: dict[str, str]
    seconds: float
    overhead: float


@dataclass(frozen=True)
class Task:
    """One sample against one reference, and the methods still to be scored on it."""

    row: dict[str, Any]
    reference: str
    keys: dict[str, str]  # method -> key of the evaluation

    def without(self, done: set[str]) -> Task:
        """Leave out the methods whose evaluation is stored already."""
        return Task(self.row, self.reference, {n: k for n, k in self.keys.items() if k not in done})


def run(
    data: Path,
    names: list[str],
    out: Path,
    *,
    external: Mapping[str, Path] = MappingProxyType({}),
    split: str = "test",
    device: str = "cpu",
    jobs: int = 1,
    limit: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Summary:
    """Score methods on every pair of a split and append the rows to `out`.

    Parameters
    ----------
    data : folder of a built data set
    names : methods, kinds of methods, or "all"; the checks are always added
    out : results folder; evaluations found there with the same key are not made again
    external : name -> folder of pictures <sample id>.png made elsewhere, scored as that method
    split : "train", "val" or "test"
    device : torch device for models
    jobs : worker processes; one process does everything when 1 or on a GPU
    limit : use only the first samples (the run is marked as partial)
    progress : called with (evaluations done, evaluations asked for)

    Raises
    ------
    MethodError, DataError (not a data set), RunError (rows that do not parse).
    """
    started = time.perf_counter()
    dataset = open_dataset(data)
    rows = dataset.select(split=split)[:limit]
    if not rows:
        raise MethodError(f"{data}: no sample in split {split!r}")
    methods = find_methods(["check", *names])
    for name, folder in external.items():
        methods[name] = replace(EXTERNAL, settings={"folder": str(folder)})
    prints, untrained = _fingerprints(methods)
    methods = {name: methods[name] for name in prints}
    tasks = list(_tasks(rows, prints, external))
    keys = [key for task in tasks for key in task.keys.values()]
    done = {record["key"] for record in read_records(out) if record["status"] == "ok"}
    todo = [task.without(done) for task in tasks if not done.issuperset(task.keys.values())]
    reused = sum(key in done for key in keys)
    _write_run(
        out,
        dataset,
        split=split,
        device=device,
        methods=prints,
        untrained=untrained,
        limit=limit,
        keys=keys,
    )
    failed, finished, busy = 0, reused, 0.0
    progress(finished, len(keys))
    with open_for_append(out) as stream:
        for records, seconds in _evaluate_all(todo, data, methods, device, jobs):
            stream.write("".join(map(to_line, records)).encode())
            stream.flush()
            failed += sum(record["status"] != "ok" for record in records)
            busy += seconds
            finished += len(records)
            progress(finished, len(keys))
    seconds = time.perf_counter() - started
    overhead = max(0.0, 1 - busy / (seconds * min(jobs, max(len(todo), 1))))
    return Summary(len(keys), reused, failed, untrained, seconds, overhead)


def _fingerprints(methods: dict[str, Method]) -> tuple[dict[str, dict], dict[str, str]]:
    """Split the methods into those that can run, with their fingerprints, and the untrained."""
    prints, untrained = {}, {}
    for name, method in methods.items():
        try:
            prints[name] = fingerprint(name, method)
        except UntrainedError as error:
            untrained[name] = str(error)
    return prints, untrained


def _tasks(
    rows: list[dict[str, Any]], prints: dict[str, dict], external: Mapping[str, Path]
) -> Iterator[Task]:
    """List the work in the data set's order: samples outside, so that each is decoded once."""
    metrics = [metric.id for metric in METRICS.values() if metric.by_default]
    for row in rows:
        for reference, path in row["references"].items():
            pixels = [row["sha256"][p] for p in (row["input"], path, row["regions"])]
            made = {name: _picture_hash(folder, row["id"]) for name, folder in external.items()}
            keys = {
                name: evaluation_key(
                    name, print_, row["id"], reference, pixels, metrics, made.get(name)
                )
                for name, print_ in prints.items()
            }
            yield Task(row, reference, keys)


def _picture_hash(folder: Path, sample: str) -> str | None:
    path = picture_of(folder, sample)
    return sha256_file(path) if path.is_file() else None


def _evaluate_all(
    tasks: list[Task], data: Path, methods: dict[str, Method], device: str, jobs: int
) -> Iterator[tuple[list[dict[str, Any]], float]]:
    """Evaluate tasks in this process or in several; a few wait in the queue, never all."""
    needed = {name for task in tasks for name in task.keys}
    methods = {name: method for name, method in methods.items() if name in needed}
    if jobs == 1 or len(tasks) < 2 * jobs:
        worker = Worker(data, methods, device)
        yield from map(worker.evaluate, tasks)
        return
    with ProcessPoolExecutor(
        jobs, get_context("spawn"), initializer=_start_worker, initargs=(data, methods, device)
    ) as pool:
        waiting = iter(tasks)
        pending = {pool.submit(_evaluate, t) for t in itertools.islice(waiting, 4 * jobs)}
        while pending:
            finished, pending = wait(pending, return_when=FIRST_COMPLETED)
            pending |= {pool.submit(_evaluate, t) for t in itertools.islice(waiting, len(finished))}
            for future in finished:
                yield future.result()


class Worker:
    """Everything one process keeps between pairs: the open data set and the loaded methods."""

    def __init__(self, data: Path, methods: dict[str, Method], device: str):
        self.dataset: DataSet = open_dataset(data)
        self.predictors: dict[str, Predict] = {
            name: predictor(name, method, device) for name, method in methods.items()
        }

    def evaluate(self, task: Task) -> tuple[list[dict[str, Any]], float]:
        """Score every method of a task; whatever fails costs only its own rows."""
        started = time.perf_counter()
        try:
            pair = self._load(task)
            target = Target(pair.reference, pair.degraded, pair.regions)
        except UserError as error:
            failure = {"status": _status(error), "seconds": 0.0, "values": {}}
            records = [_labels(task, name) | failure for name in task.keys]
        else:
            records = [_labels(task, name) | self._score(name, pair, target) for name in task.keys]
        return records, time.perf_counter() - started

    def _load(self, task: Task) -> Pair:
        """Read a pair, refusing files that are no longer those the manifest speaks of."""
        row = task.row
        for path in (row["input"], row["references"][task.reference], row["regions"]):
            file = self.dataset.folder / path
            if not file.is_file() or sha256_file(file) != row["sha256"][path]:
                raise ManifestError(f"{file}: missing or changed since it was built")
        return load_pair(self.dataset, row, task.reference)

    def _score(self, name: str, pair: Pair, target: Target) -> dict[str, Any]:
        started = time.perf_counter()
        try:
            estimate = self.predictors[name](pair, target.ideal.encoded)
            seconds = time.perf_counter() - started
            values = score_target(estimate, target)
            return {"status": "ok", "seconds": seconds, "values": values}
        except Exception as error:  # whatever a method does, the run goes on and the row says so
            seconds = time.perf_counter() - started
            return {"status": _status(error), "seconds": seconds, "values": {}}


def _status(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]


_worker: Worker | None = None


def _start_worker(data: Path, methods: dict[str, Method], device: str) -> None:
    import cv2
    import torch

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    global _worker
    _worker = Worker(data, methods, device)


def _evaluate(task: Task) -> tuple[list[dict[str, Any]], float]:
    return _worker.evaluate(task)


def _labels(task: Task, name: str) -> dict[str, Any]:
    row, distortion = task.row, task.row["distortion"] or {}
    return {
        "key": task.keys[name],
        "method": name,
        "sample": row["id"],
        "scene": row["scene"],
        "ev": row["ev"],
        "distortion": distortion.get("family") or distortion.get("name") or "none",
        "severity": distortion.get("image_severity", 0.0),
        "mask": row["mask"]["kind"],
        "expert": task.reference,
        "coverage": row["coverage"],
    }


def _write_run(out: Path, dataset: DataSet, **facts: Any) -> None:
    """Write run.json; rows of another data set are refused rather than mixed."""
    path = Path(out) / RUN
    if path.is_file():
        before = json.loads(path.read_text("utf-8"))["dataset"]
        if before["hash"] != dataset.hash:
            raise RunError(
                f"{out}: holds rows of data set {before['name']} ({before['hash'][:12]}), not of "
                f"{dataset.name} ({dataset.hash[:12]}); give another --out"
            )
    about = {
        "dataset": {"name": dataset.name, "hash": dataset.hash, "folder": str(dataset.folder)},
        **facts,
        "environment": describe(facts["device"]),
    }
    write_text(path, json.dumps(about, indent=1))
