"""Look up all that a run needs, and refuse before anything is evaluated or written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from datagen.dataset.read import DataSet, open_dataset
from datagen.dataset.rows import Row, Sample
from datagen.engines.worker import EngineError
from luts.tool.words import nearest

from ..methods import EXTERNAL, Method, MethodError, find_methods
from ..methods.models.trained.checkpoints import UntrainedError
from ..methods.models.trained.given import with_weights
from ..methods.outside import checked_name
from ..metrics import Metric, choose_metrics
from .evaluate import Evaluator
from .pictures import PictureFolder
from .plan import Resources, RunPlan
from .predict import fingerprint, with_degree
from .predictions import PREDICTIONS, Predictions
from .rows import MADE, evaluation_key
from .tasks import Pairs, Plan, Tasks, list_tasks


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
