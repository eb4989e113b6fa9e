"""Score methods on a data set: every row appended as it is computed, nothing computed twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from datagen.dataset.leaks import shares_luts
from datagen.dataset.read import DataSet, open_dataset
from datagen.dataset.rows import Row, Sample
from datagen.dataset.workspace import read_dataset
from datagen.engines.worker import EngineError
from luts.tool import gate
from luts.tool.words import nearest, read_value

from ..environment import describe
from ..methods import EXTERNAL, Method, MethodError, find_methods
from ..methods.models.trained.checkpoints import UntrainedError
from ..methods.models.trained.given import GivenWeights, with_weights
from ..methods.outside import checked_name
from ..metrics import Metric, choose_metrics
from .evaluate import Done, Evaluator
from .groups import batch_for, in_batches, schedule
from .pictures import PictureFolder
from .predict import fingerprint, training_data, with_degree
from .predictions import PREDICTIONS, Predictions
from .ranks import ALONE, Rank
from .rows import (
    MADE,
    evaluation_key,
    finished_keys,
    open_for_append,
    part_name,
    to_line,
)
from .run_info import (
    RUN,
    DataInfo,
    Environment,
    MethodInfo,
    MetricInfo,
    RunInfo,
    joined,
    load_run,
    write_run,
)
from .schedule import evaluate, pipelined, side_by_side
from .tasks import Pairs, Plan, Tasks, list_tasks


@dataclass(frozen=True)
class RunPlan:
    """What to score.

    data : folder of a built data set
    methods : names, kinds of methods, "all", or "my.py:name"; the checks are always added
    elsewhere : name -> folder of pictures made elsewhere, scored as that method
    pattern : how those are called, see `pictures.PictureFolder`
    metrics : names of METRICS, "default" or "all", or "my.py:name"
    split : "train", "val" or "test"
    references : names of those to score against; none are all there are
    limit : use only the first samples (the run is marked as partial)
    keep_predictions : keep them under the results as 16-bit PNG, for later runs with other metrics
    degree : how far every method named goes, 1 being as trained; all must be models that have one
    weights : files or folders of weights other than the shipped ones; those with a label make rows
        of their own
    """

    data: Path
    methods: Sequence[str] = ()
    elsewhere: Mapping[str, Path] = field(default_factory=dict)
    pattern: str = ""
    metrics: Sequence[str] = ("default",)
    split: str = "test"
    limit: int | None = None
    keep_predictions: bool = False
    degree: float | None = None
    weights: Sequence[GivenWeights] = ()
    references: Sequence[str] = ()


@dataclass(frozen=True)
class Resources:
    """What to score with; no number depends on it, but for the last digits of a device.

    device : torch device for models
    scorer : what measures models: "numpy", "torch" (on the device, where a metric has a twin), or
        None for torch on a GPU and numpy on a CPU
    jobs : worker processes; with 1, and for models on a GPU, everything is in this process
    engine : of datagen.engines, where the workers are
    batch : pairs of one size that a model takes together; None chooses by size and device
    rank : which part of the pairs this process does, of several that write into one folder
    """

    device: str = "cpu"
    scorer: str | None = None
    jobs: int = 1
    engine: str = "local"
    batch: int | None = None
    rank: Rank = ALONE

    @property
    def by_tensors(self) -> bool:
        """Whether models are measured on the device."""
        return (self.scorer or ("numpy" if self.device == "cpu" else "torch")) == "torch"


@dataclass(frozen=True)
class RunSummary:
    """What a run did: evaluations asked for, found already done, failed; models without weights.

    With ranks these are this rank's. `overhead` is the share of the workers' wall time spent
    outside decoding, methods and metrics. `reasons`: method -> the first thing that went wrong.
    """

    asked: int
    reused: int
    failed: int
    untrained: dict[str, str]
    seconds: float
    overhead: float
    reasons: dict[str, str] = field(default_factory=dict)


def run(
    plan: RunPlan,
    out: Path,
    resources: Resources | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> RunSummary:
    """Score methods on every pair of a split and append the rows to `out`.

    Methods of earlier runs into the same folder stay in its table.

    Parameters
    ----------
    plan, resources : what, and with what
    out : results folder; evaluations found there with the same key are not made again
    progress : called with (evaluations done, evaluations asked for)

    Raises
    ------
    MethodError, MetricError, ManifestError (not a data set), RunError (rows that do not parse, of
    another data set, or being written by another run), EngineError.
    """
    started = time.perf_counter()
    resources = resources or Resources()
    dataset, evaluator, prints, untrained, made, every = prepare(plan, out, resources)
    rank = resources.rank
    with open_for_append(out, part_name(rank.index, rank.count)) as stream:
        if rank.index == 0:
            info = _info(plan, dataset, evaluator, prints, made, untrained, every)
            before = load_run(out) if (Path(out) / RUN).is_file() else None
            write_run(out, joined(before, info, out))
        mine = every[rank.index :: rank.count]
        todo = mine.without(finished_keys(out, made.measures.values()))
        asked = sum(mine.counts().values())
        reused = asked - sum(todo.counts().values())
        streams, lanes = _streams(todo, evaluator, resources)
        failed, finished, busy = 0, reused, 0.0
        reasons: dict[str, str] = {}
        progress(finished, asked)
        for evaluations, seconds in streams:
            stream.write("".join(map(to_line, evaluations)).encode())
            stream.flush()
            for row in evaluations:
                if not row.ok:
                    failed += 1
                    reasons.setdefault(row.method, row.status)
            busy += seconds
            finished += len(evaluations)
            progress(finished, asked)
    seconds = time.perf_counter() - started
    overhead = max(0.0, 1 - busy / seconds / lanes)
    return RunSummary(asked, reused, failed, untrained, seconds, overhead, reasons)


def prepare(
    plan: RunPlan, out: Path, resources: Resources
) -> tuple[DataSet, Evaluator, dict[str, dict[str, object]], dict[str, str], Plan, Tasks]:
    """Check and look up all that a run needs; nothing is evaluated or written.

    Returns the data set, the evaluator, the methods' fingerprints, those that are not trained, how
    keys are made, and every task there is. Raises as `run` does.
    """
    if resources.engine != "local" and resources.device != "cpu":
        words = f"--engine {resources.engine} works on CPUs; use torchrun for several GPUs"
        raise EngineError(words)
    metrics = choose_metrics(plan.metrics)
    for metric in metrics:
        metric.check_ready()
    methods = choose_methods(plan)
    dataset, rows, pairs = _samples(plan)
    for folder in plan.elsewhere.values():
        PictureFolder(Path(folder), plan.pattern).missing(row.id for row in rows)
    prints, untrained = _fingerprints(methods)
    methods = {name: methods[name] for name in prints}
    kept = Predictions(Path(out).resolve() / PREDICTIONS) if plan.keep_predictions else None
    if kept:
        kept.check_place()
    evaluator = Evaluator(
        replace(dataset, rows=rows, folder=dataset.folder.resolve()),
        methods,
        [metric.key for metric in metrics],
        resources.device,
        resources.by_tensors,
        kept,
    )
    made = _made_by(prints, metrics, evaluator)
    every = list_tasks(pairs, methods, made, rows)
    known = sorted(every.references)
    for name in plan.references:
        if name not in known:
            there = ", ".join(known)
            raise MethodError(f"--references {name}: {plan.data} has {there}{nearest(name, known)}")
    wanted = plan.references or known
    return dataset, evaluator, prints, untrained, made, every.against(wanted)


def _streams(todo: Tasks, evaluator: Evaluator, resources: Resources) -> tuple[Iterator[Done], int]:
    """Make the stream of rows, and count what works on it at once.

    Models for a device are driven from this process; the other methods go to workers.
    """
    jobs, engine, batch = resources.jobs, resources.engine, resources.batch

    def most(size: tuple[int, int]) -> int:
        return batch_for(size, resources.device) if batch is None else batch

    apart = {name for name in evaluator.methods if evaluator.goes_on_device(name)}
    rest = evaluator.methods.keys() - apart
    here, others = todo.only(apart), todo.only(rest)
    if engine != "local":
        here, others = todo.only(()), todo
    sizes, _ = others.sizes()
    batches = jobs == 1 or any(most((height, width)) > 1 for height, width in sizes.tolist())
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


def choose_methods(plan: RunPlan) -> dict[str, Method]:
    """Look up the rows to score, the checks first; raises MethodError.

    With a degree, every method named must be a model that has one.
    """
    methods = with_weights(find_methods(plan.methods), plan.weights)
    if plan.degree is not None:
        methods = {name: with_degree(name, m, plan.degree) for name, m in methods.items()}
    for name, folder in plan.elsewhere.items():
        if checked_name(name) in methods or name in find_methods(["all"], with_slow=True):
            raise MethodError(f"--name {name}: that is a method of ours; choose another name")
        settings = {"folder": str(Path(folder).resolve()), "pattern": plan.pattern}
        methods[name] = replace(EXTERNAL, settings=settings)
    return find_methods(["check"]) | methods


def _samples(plan: RunPlan) -> tuple[DataSet, Any, Pairs]:
    """The data set, the samples that are scored, and their pairs."""
    pairs = Pairs()

    def note(row: Row) -> None:
        if isinstance(row, Sample) and row.split == plan.split and pairs.samples != plan.limit:
            pairs.note(row)

    dataset = open_dataset(plan.data, note)
    rows = dataset.select(split=plan.split)[: plan.limit]
    if not rows:
        raise MethodError(f"{plan.data}: no sample in split {plan.split!r}")
    return dataset, rows, pairs


def _fingerprints(
    methods: Mapping[str, Method],
) -> tuple[dict[str, dict[str, object]], dict[str, str]]:
    """Split the methods into those that can run, with their fingerprints, and the untrained."""
    prints, untrained = {}, {}
    for name, method in methods.items():
        try:
            prints[name] = fingerprint(name, method)
        except UntrainedError as error:
            untrained[name] = str(error)
    return prints, untrained


def _made_by(prints: Mapping[str, Any], metrics: Sequence[Metric], evaluator: Evaluator) -> Plan:
    """Beginnings of keys: another method, metric or way of measuring makes another."""
    makes, measures = {}, {}
    ids = [metric.id for metric in metrics]
    for name, print_ in prints.items():
        makes[name] = evaluation_key(name, print_)[:MADE]
        twins = evaluator.by_tensors and evaluator.methods[name].kind == "model"
        how = (["png16"] if evaluator.predictions else []) + (["torch"] if twins else [])
        measures[name] = evaluation_key(makes[name], ids, how)[:MADE]
    seeing = {n for n, m in evaluator.methods.items() if m.kind in ("check", "oracle")}
    return Plan(makes, measures, frozenset(seeing))


def _info(
    plan: RunPlan,
    dataset: DataSet,
    evaluator: Evaluator,
    prints: Mapping[str, Any],
    made: Plan,
    untrained: Mapping[str, str],
    every: Tasks,
) -> RunInfo:
    """run.json of this run alone."""
    asked = len(every)
    metrics = choose_metrics(plan.metrics)
    methods = {
        name: MethodInfo(
            method.kind,
            method.target,
            gate.plain_text(method.summary),
            method.paper,
            method.parameters,
            method.trained,
            method.region_aware,
            method.blend_of,
            method.weights,
            dict(method.settings),
            str(prints[name]["code"]),
            prints[name]["checkpoint"],
            made.measures[name],
            tuple(metric.key for metric in metrics),
            plan.keep_predictions,
            asked,
            plan.limit,
            evaluator.device if method.kind == "model" else "cpu",
            training_data(name, method),
        )
        for name, method in evaluator.methods.items()
    }
    return RunInfo(
        DataInfo(
            dataset.name,
            dataset.hash,
            str(dataset.folder),
            shares_luts(read_dataset(dataset.folder).recipe),
        ),
        plan.split,  # type: ignore[arg-type]
        methods,
        read_value(Environment, describe(evaluator.device)),
        dict(untrained),
        {m.name: MetricInfo.of(m) for m in metrics if m.spec},
    )
