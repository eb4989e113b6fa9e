"""Score methods on a data set: every row appended as it is computed, nothing computed twice."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from datagen.dataset import DataSet, open_dataset
from datagen.files import write_text

from .environment import describe
from .evaluate import Evaluator, evaluate
from .methods import EXTERNAL, MethodError, find_methods
from .metrics import METRICS, Metric, find_metrics
from .metrics.no_reference import NO_REFERENCE
from .predict import UntrainedError, fingerprint
from .predictions import PREDICTIONS, Predictions
from .ranks import ALONE, Rank
from .rows import RUN, RunError, open_for_append, part_name, read_records, to_line
from .tasks import Task, in_batches, list_tasks, schedule

if TYPE_CHECKING:
    from collections.abc import Callable

    from .method import Method


@dataclass(frozen=True)
class Summary:
    """What a run did: evaluations asked for, found already done, failed; models without weights.

    With ranks these are this rank's. `overhead` is the share of the workers' wall time spent
    outside decoding, methods and metrics.
    """

    asked: int
    reused: int
    failed: int
    untrained: dict[str, str]
    seconds: float
    overhead: float


def run(
    data: Path,
    names: list[str],
    out: Path,
    *,
    external: Mapping[str, Path] = MappingProxyType({}),
    metrics: Sequence[str] = ("default",),
    split: str = "test",
    device: str = "cpu",
    jobs: int = 1,
    batch: int = 1,
    limit: int | None = None,
    keep_predictions: bool = False,
    rank: Rank = ALONE,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Summary:
    """Score methods on every pair of a split and append the rows to `out`.

    Parameters
    ----------
    data : folder of a built data set
    names : methods, kinds of methods, or "all"; the checks are always added
    out : results folder; evaluations found there with the same key are not made again
    external : name -> folder of pictures <sample id>.png made elsewhere, scored as that method
    metrics : names of METRICS, "default" or "all"
    split : "train", "val" or "test"
    device : torch device for models
    jobs : worker processes; one process does everything when 1 or on a GPU
    batch : pairs of one size that a model takes together; with more than 1, one process does all
    limit : use only the first samples (the run is marked as partial)
    keep_predictions : keep them under `out` as 16-bit PNG, for later runs with other metrics
    rank : which part of the pairs this process does, of several that write into `out`
    progress : called with (evaluations done, evaluations asked for)

    Raises
    ------
    MethodError, MetricError, DataError (not a data set), RunError (rows that do not parse).
    """
    started = time.perf_counter()
    dataset, rows = _samples(data, split, limit)
    measured = choose_metrics(metrics)
    methods = find_methods(["check", *names])
    for name, folder in external.items():
        methods[name] = replace(EXTERNAL, settings={"folder": str(folder)})
    prints, untrained = _fingerprints(methods)
    every = list(list_tasks(rows, methods, prints, measured, kept=keep_predictions))
    _refuse_other_rows(out, dataset)
    if rank.index == 0:
        _write_run(
            out,
            dataset,
            split=split,
            device=device,
            methods=prints,
            metrics=[metric.name for metric in measured],
            keep_predictions=keep_predictions,
            untrained=untrained,
            limit=limit,
            keys=[key for task in every for key in task.keys.values()],
        )
    mine = every[rank.index :: rank.count]
    done = {record["key"] for record in read_records(out) if record["status"] == "ok"}
    todo = [left for task in mine if (left := task.without(done)).keys]
    asked = sum(len(task.keys) for task in mine)
    reused = asked - sum(len(task.keys) for task in todo)
    kept = Predictions(Path(out) / PREDICTIONS) if keep_predictions else None
    names = [metric.name for metric in measured]
    evaluator = Evaluator(replace(dataset, rows=()), methods, names, device, kept)
    jobs = 1 if device != "cpu" or batch > 1 else jobs
    groups = _grouped(todo, jobs, batch)
    failed, finished, busy = 0, reused, 0.0
    progress(finished, asked)
    with open_for_append(out, part_name(rank.index, rank.count)) as stream:
        for records, seconds in evaluate(groups, evaluator, jobs):
            stream.write("".join(map(to_line, records)).encode())
            stream.flush()
            failed += sum(record["status"] != "ok" for record in records)
            busy += seconds
            finished += len(records)
            progress(finished, asked)
    seconds = time.perf_counter() - started
    overhead = max(0.0, 1 - busy / (seconds * min(jobs, max(len(groups), 1))))
    return Summary(asked, reused, failed, untrained, seconds, overhead)


def choose_metrics(names: Sequence[str]) -> list[Metric]:
    """Look up metrics; "default" and "all" are groups; each once, in METRICS' order.

    NIQE and PI, which need a package of their own, are not among "all"; ask for them by name.
    Raises MetricError naming the nearest known names.
    """
    chosen: list[Metric] = []
    for name in names:
        if name == "all":
            chosen += [metric for metric in METRICS.values() if metric not in NO_REFERENCE]
        else:
            chosen += find_metrics(None if name == "default" else [name])
    wanted = {metric.name for metric in chosen}
    return [metric for metric in METRICS.values() if metric.name in wanted]


def _samples(data: Path, split: str, limit: int | None) -> tuple[DataSet, list[dict[str, Any]]]:
    dataset = open_dataset(data)
    rows = dataset.select(split=split)[:limit]
    if not rows:
        raise MethodError(f"{data}: no sample in split {split!r}")
    return dataset, rows


def _grouped(tasks: list[Task], jobs: int, batch: int) -> list[tuple[Task, ...]]:
    if batch > 1:
        return in_batches(tasks, batch)
    return schedule(tasks, jobs) if jobs > 1 else [(task,) for task in tasks]


def _fingerprints(methods: dict[str, Method]) -> tuple[dict[str, dict], dict[str, str]]:
    """Split the methods into those that can run, with their fingerprints, and the untrained."""
    prints, untrained = {}, {}
    for name, method in methods.items():
        try:
            prints[name] = fingerprint(name, method)
        except UntrainedError as error:
            untrained[name] = str(error)
    return prints, untrained


def _write_run(out: Path, dataset: DataSet, **facts: Any) -> None:
    about = {
        "dataset": {"name": dataset.name, "hash": dataset.hash, "folder": str(dataset.folder)},
        **facts,
        "environment": describe(facts["device"]),
    }
    write_text(Path(out) / RUN, json.dumps(about, indent=1))


def _refuse_other_rows(out: Path, dataset: DataSet) -> None:
    path = Path(out) / RUN
    if path.is_file():
        before = json.loads(path.read_text("utf-8"))["dataset"]
        if before["hash"] != dataset.hash:
            raise RunError(
                f"{out}: holds rows of data set {before['name']} ({before['hash'][:12]}), not of "
                f"{dataset.name} ({dataset.hash[:12]}); give another --out"
            )
