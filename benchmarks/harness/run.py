"""Score methods on a data set: every row appended as it is computed, nothing computed twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from datagen.dataset.leaks import shares_luts
from datagen.dataset.read import DataSet
from datagen.dataset.workspace import read_dataset
from luts.tool import gate
from luts.tool.strict import read_value

from ..environment import describe
from ..metrics import choose_metrics
from .evaluate import Done, Evaluator
from .groups import batch_for, in_batches, schedule
from .plan import Resources, RunPlan
from .predict import training_data
from .prepare import prepare
from .rows import finished_keys, open_for_append, part_name, to_line
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
from .tasks import Plan, Tasks


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
