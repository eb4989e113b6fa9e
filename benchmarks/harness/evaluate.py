"""Evaluate groups of tasks: pictures in, rows out; whatever fails costs only its own rows.

A group goes through the same steps whatever the method is: predictions that are kept are found,
what is missing is made (a batch that fails is halved), measured, and turned into rows. Nothing here
waits for a device: what a model made is fetched when its row is finished, which may be done in
another thread than the one that starts the next model.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from datagen.dataset.manifest import ManifestError
from datagen.dataset.read import DataSet, load_pair
from luts.tool.errors import EndedError, UserError
from luts.tool.files import sha256_file

from ..methods.notes import listening
from ..metrics import Metric, Target, find_metrics, score_target
from .acceptable import BadEstimateError, problem
from .device import exact_float32, fetch
from .labels import failure, labels, status_of
from .predictions import Predictions
from .rows import OK, Evaluation
from .runners import Batch, Estimates, Runner, Sample, make_runner

if TYPE_CHECKING:
    from datagen.dataset.read import Pair
    from datagen.dataset.rows import Sample as ManifestRow

    from ..methods import Method
    from .tasks import Task

CODES = 2**16 - 1  # of a kept prediction
Finish = Callable[[], Evaluation]  # does what is left of an evaluation
Done = tuple[list[Evaluation], float]  # rows, and the seconds a process was busy with them


@dataclass(frozen=True)
class Loaded:
    """A group of tasks with their pictures, and the rows of those whose pictures failed."""

    samples: list[Sample]
    failed: list[Evaluation]


@dataclass
class Evaluator:
    """Scores groups of tasks of one size; keeps the methods it has loaded.

    dataset : with an absolute folder, and the rows that are scored
    methods : by name
    metrics : names of what is measured
    device : torch device of models
    by_tensors : models are measured on the device, where a metric has a twin there
    predictions : where predictions are kept and found, if they are
    """

    dataset: DataSet
    methods: Mapping[str, Method]
    metrics: Sequence[str]
    device: str = "cpu"
    by_tensors: bool = False
    predictions: Predictions | None = None
    _runners: dict[str, Runner] = field(default_factory=dict, init=False, repr=False)

    def __call__(self, group: tuple[Task, ...]) -> Done:
        """Load and score a group, one evaluation after the other."""
        started = time.perf_counter()
        rows = [finish() for finish in self.start(self.load(group))]
        return rows, time.perf_counter() - started

    def goes_on_device(self, name: str) -> bool:
        """Whether a method is a model to be driven from one process, in batches."""
        return (self.device != "cpu" or self.by_tensors) and self.methods[name].kind == "model"

    def load(self, group: tuple[Task, ...]) -> Loaded:
        """Decode the pictures of a group and make what all methods share."""
        loaded = Loaded([], [])
        for task in group:
            row = self.row_of(task)
            try:
                pair = self._load(task, row)
                target = Target(pair.reference, pair.degraded, pair.regions)
                loaded.samples.append(Sample(pair, target, task))
            except UserError as error:
                words = status_of(error)
                loaded.failed.extend(failure(row, task, name, words) for name in task.names)
        return loaded

    def start(self, loaded: Loaded) -> Iterator[Finish]:
        """Run the methods of a group one by one; what is yielded, called, finishes a row."""
        for row in loaded.failed:
            yield partial(replace, row)
        if self.device.startswith("cuda"):
            exact_float32(self.device)  # whose streams events are recorded on
        batch = Batch(loaded.samples, self.device)
        for name in dict.fromkeys(name for s in loaded.samples for name in task_of(s).names):
            asked = [sample for sample in loaded.samples if name in task_of(sample).names]
            yield from self._method(name, batch.part(asked))

    def row_of(self, task: Task) -> ManifestRow:
        """What the manifest says of a task's sample."""
        return self.dataset.rows[task.at]  # type: ignore[return-value]  # all of them were made

    def _load(self, task: Task, row: ManifestRow) -> Pair:
        """Read a pair, refusing files that are no longer those the manifest speaks of."""
        for path in (row.input, row.references[task.reference], row.regions):
            file = self.dataset.folder / path
            if not file.is_file() or sha256_file(file) != row.sha256[path]:
                raise ManifestError(f"{file}: missing or changed since it was built")
        return load_pair(self.dataset, row, task.reference)

    def _method(self, name: str, batch: Batch) -> Iterator[Finish]:
        found = self._found(name, batch.samples)
        if found:
            began = time.perf_counter()
            arrays = [found[sample] for sample in batch.samples if sample in found]
            kept = Estimates(
                arrays, np.array([[1, 0, 1, 0]] * len(arrays), np.float32), lambda: 0.0
            )
            seconds = (time.perf_counter() - began) / len(arrays)
            kept = replace(kept, seconds=lambda: seconds)
            have = [sample for sample in batch.samples if sample in found]
            yield from self._measured(name, batch.part(have), kept, keep=False)
        missing = [sample for sample in batch.samples if sample not in found]
        if missing:
            yield from self._made(name, batch.part(missing))

    def _found(self, name: str, samples: Sequence[Sample]) -> dict[Sample, np.ndarray]:
        """Kept predictions; empty when none are kept."""
        if not self.predictions:
            return {}
        found = {s: self.predictions.find(*_place(s, name)) for s in samples}
        return {sample: estimate for sample, estimate in found.items() if estimate is not None}

    def _made(self, name: str, batch: Batch) -> list[Finish]:
        """Run a method; a batch that fails, for want of memory or otherwise, is halved."""
        count = len(batch.samples)
        try:
            runner = self._runner(name)
            if count == 1 or runner.together:
                with listening() as notes:
                    made = runner.run(batch)
                for i, text in notes.items():
                    batch.samples[i].notes[name] = text
                return self._measured(name, batch, made, keep=self.predictions is not None)
            halves = [[sample] for sample in batch.samples]
        except EndedError:
            raise
        except (Exception, SystemExit) as error:  # whatever it does, the run goes on
            words = status_of(error)  # the error itself would keep the device's memory taken
            if count == 1:
                (sample,) = batch.samples
                return [partial(failure, row_of(sample), task_of(sample), name, words)]
            halves = [batch.samples[: count // 2], batch.samples[count // 2 :]]
        return [f for half in halves for f in self._made(name, batch.part(half))]

    def _runner(self, name: str) -> Runner:
        if name not in self._runners:
            method = self.methods[name]
            host = f"{method.target} {method.weights} {sorted(method.settings.items())}"
            if method.kind != "model":
                self._runners[name] = make_runner(name, method)
            else:  # a model and its blended row are one network
                shared = self._runners.get(host) or make_runner(name, method, self.device)
                self._runners[host] = shared
                self._runners[name] = shared.named(name, blends=bool(method.blend_of))
        return self._runners[name]

    def _measured(self, name: str, batch: Batch, made: Estimates, *, keep: bool) -> list[Finish]:
        """Start measuring estimates, and say how to finish each row."""
        metrics = find_metrics(self.metrics)
        scorer: Literal["numpy", "torch"]
        if self.by_tensors and self.methods[name].kind == "model":
            ids, fetched, rest = self._by_twins(made, batch, metrics, keep)
            scorer = "torch"
        else:
            ids, rest, scorer = [], metrics, "numpy"
            fetched = _arrays(made)
        order = [metric.region_id(region) for metric in metrics for region in metric.regions]

        def finish(index: int, sample: Sample) -> Evaluation:
            seconds = made.seconds()
            try:
                values, facts, pictures = fetched()
                if words := problem(facts[index]):
                    raise BadEstimateError(words)
                picture: Any = pictures[index] if pictures is not None else None
                if keep and self.predictions:
                    picture = self.predictions.keep(*_place(sample, name), picture)
                measured = dict(zip(ids, values[index].tolist(), strict=True)) if ids else {}
                if rest:
                    measured |= score_target(picture, sample.target, names=rest)
                found = {id_: measured[id_] for id_ in order}
            except Exception as error:
                return failure(row_of(sample), task_of(sample), name, status_of(error), seconds)
            note = sample.notes.get(name, "")
            row = labels(row_of(sample), task_of(sample), name)
            return replace(row, status=OK, seconds=seconds, values=found, scorer=scorer, note=note)

        return [partial(finish, index, sample) for index, sample in enumerate(batch.samples)]

    def _by_twins(
        self, made: Estimates, batch: Batch, metrics: Sequence[Metric], keep: bool
    ) -> tuple[list[str], Callable[[], tuple[Any, Any, Any]], list[Metric]]:
        """Measure on the device what has a twin there: (ids, values when they are there, rest)."""
        import torch

        from luts.torch.layout import to_batch

        from ..metrics.twins import TWINS, score_batch

        pictures = made.pictures
        if isinstance(pictures, list):
            pictures = to_batch(pictures, self.device)
        if keep:
            pictures = (pictures * CODES).round() / CODES
        ids, values = score_batch(pictures, batch.target, metrics)
        rest = [metric for metric in metrics if metric.name not in TWINS]
        wanted = [pictures.permute(0, 2, 3, 1).contiguous()] if rest or keep else []
        facts = torch.as_tensor(made.facts)
        parts = fetch(values, facts.to(values.device), *wanted)

        def fetched() -> tuple[Any, Any, Any]:
            values, facts, *pictures = parts()
            return values, facts, pictures[0] if pictures else None

        return ids, fetched, rest


def task_of(sample: Sample) -> Task:
    """The task a sample was loaded for."""
    assert sample.task is not None
    return sample.task


def row_of(sample: Sample) -> ManifestRow:
    """What the manifest says of a sample that was loaded."""
    assert sample.pair.sample is not None
    return sample.pair.sample


def _place(sample: Sample, name: str) -> tuple[str, str, str]:
    """Method, sample and key of an estimate: where its prediction is kept."""
    return name, row_of(sample).id, task_of(sample).estimate_key(name)


def _arrays(made: Estimates) -> Callable[[], tuple[None, Any, Any]]:
    """Facts and pictures (H, W, 3) on the CPU, when they are there."""
    pictures, facts = made.pictures, made.facts
    if isinstance(pictures, list):
        return lambda: (None, facts, pictures)
    import torch

    parts = fetch(torch.as_tensor(facts), pictures.permute(0, 2, 3, 1).contiguous())

    def fetched() -> tuple[None, Any, Any]:
        numbers, arrays = parts()
        return None, numbers, arrays

    return fetched
