"""Score methods on a data set: every row appended as it is computed, nothing computed twice."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from datagen.dataset.read import DataSet, open_dataset
from datagen.engines.worker import EngineError
from luts.tool.files import write_text

from ..environment import describe
from ..methods import EXTERNAL, MethodError, find_methods
from ..methods.models.checkpoints import WEIGHTS, UntrainedError
from ..metrics import METRICS, Metric, find_metrics
from ..metrics.no_reference import NO_REFERENCE
from .evaluate import Done, Evaluator
from .predict import fingerprint, training_data, with_degree
from .predictions import PREDICTIONS, Predictions
from .ranks import ALONE, Rank
from .records import Scorer
from .rows import RUN, RunError, finished_keys, open_for_append, part_name, to_line
from .schedule import evaluate, pipelined, side_by_side
from .tasks import Task, batch_for, in_batches, list_tasks, schedule

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..methods.method import Method


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
    scorer: Scorer | None = None,
    jobs: int = 1,
    engine: str = "local",
    batch: int | None = None,
    limit: int | None = None,
    keep_predictions: bool = False,
    degree: float | None = None,
    weights: Path = WEIGHTS,
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
    scorer : what measures models: "numpy", "torch" (on the device, where a metric has a twin), or
        None for torch on a GPU and numpy on a CPU
    jobs : worker processes; with 1, and for models on a GPU, everything is in this process
    engine : of datagen.engines, where the workers are
    batch : pairs of one size that a model takes together; None chooses by size and device
    limit : use only the first samples (the run is marked as partial)
    keep_predictions : keep them under `out` as 16-bit PNG, for later runs with other metrics
    degree : how far every method named goes, 1 being as trained; all must be models that have one
    weights : folder of the models' weights
    rank : which part of the pairs this process does, of several that write into `out`
    progress : called with (evaluations done, evaluations asked for)

    Raises
    ------
    MethodError, MetricError, DataError (not a data set), RunError (rows that do not parse),
    EngineError.
    """
    started = time.perf_counter()
    scorer = scorer or ("numpy" if device == "cpu" else "torch")
    if engine != "local" and device != "cpu":
        raise EngineError(f"--engine {engine} works on CPUs; use torchrun for several GPUs")
    dataset, rows = _samples(data, split, limit)
    measured = choose_metrics(metrics)
    methods = choose_methods(names, external, degree)
    prints, untrained = _fingerprints(methods, weights)
    kept = Predictions(Path(out).resolve() / PREDICTIONS) if keep_predictions else None
    evaluator = Evaluator(
        replace(dataset, rows=(), folder=dataset.folder.resolve()),
        methods,
        [metric.name for metric in measured],
        device,
        scorer,
        weights.resolve(),
        kept,
    )
    apart = {name for name in prints if evaluator.goes_on_device(name)}
    by_torch = apart if scorer == "torch" else ()
    every = list(
        list_tasks(rows, methods, prints, measured, kept=keep_predictions, by_torch=by_torch)
    )
    _refuse_other_rows(out, dataset)
    if rank.index == 0:
        _write_run(
            out,
            dataset,
            split=split,
            device=device,
            methods=prints,
            metrics=evaluator.metrics,
            keep_predictions=keep_predictions,
            degree=degree,
            weights=None if weights == WEIGHTS else str(weights),
            training={name: training_data(name, methods[name], weights) for name in prints},
            untrained=untrained,
            limit=limit,
            keys=[key for task in every for key in task.keys.values()],
        )
    mine = every[rank.index :: rank.count]
    done = finished_keys(out)
    todo = [left for task in mine if (left := task.without(done)).keys]
    asked = sum(len(task.keys) for task in mine)
    reused = asked - sum(len(task.keys) for task in todo)
    most = partial(batch_for, device=device) if batch is None else lambda size: batch
    streams, lanes = _streams(todo, evaluator, apart, most, jobs=jobs, engine=engine)
    failed, finished, busy = 0, reused, 0.0
    progress(finished, asked)
    with open_for_append(out, part_name(rank.index, rank.count)) as stream:
        for records, seconds in streams:
            stream.write("".join(map(to_line, records)).encode())
            stream.flush()
            failed += sum(record["status"] != "ok" for record in records)
            busy += seconds
            finished += len(records)
            progress(finished, asked)
    seconds = time.perf_counter() - started
    return Summary(asked, reused, failed, untrained, seconds, max(0.0, 1 - busy / seconds / lanes))


def _streams(
    todo: list[Task],
    evaluator: Evaluator,
    apart: set[str],
    most: Callable[[tuple[int, int]], int],
    *,
    jobs: int,
    engine: str,
) -> tuple[Iterator[Done], int]:
    """Make the stream of records, and count what works on it at once.

    The methods set apart are driven from this process, for the device; the others go to workers.
    """
    here = [part for task in todo if (part := task.only(apart & task.keys.keys())).keys]
    others = [part for task in todo if (part := task.only(task.keys.keys() - apart)).keys]
    if engine != "local":
        here, others = [], todo
    batches = jobs == 1 or any(most(task.size) > 1 for task in others)
    groups = in_batches(others, most) if batches else schedule(others, jobs)
    workers = min(jobs, max(len(groups), 1))
    # A copy: it is pickled while this one is in use already.
    elsewhere = partial(evaluate, groups, replace(evaluator), jobs, engine)
    if not here:
        return elsewhere(), workers
    device = pipelined(in_batches(here, most), evaluator, jobs)
    if jobs == 1 or not others:
        return chain(device, elsewhere()), 1
    return side_by_side(device, elsewhere), 1 + workers


def choose_methods(
    names: Sequence[str], external: Mapping[str, Path], degree: float | None = None
) -> dict[str, Method]:
    """Look up the rows to score, the checks first; raises MethodError.

    With a degree, every method named must be a model that has one.
    """
    methods = find_methods([*names])
    if degree is not None:
        methods = {name: with_degree(name, method, degree) for name, method in methods.items()}
    for name, folder in external.items():
        methods[name] = replace(EXTERNAL, settings={"folder": str(folder)})
    return find_methods(["check"]) | methods


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


def _fingerprints(
    methods: dict[str, Method], weights: Path
) -> tuple[dict[str, dict], dict[str, str]]:
    """Split the methods into those that can run, with their fingerprints, and the untrained."""
    prints, untrained = {}, {}
    for name, method in methods.items():
        try:
            prints[name] = fingerprint(name, method, weights)
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
