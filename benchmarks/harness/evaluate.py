"""Evaluate groups of tasks: pictures in, records out; whatever fails costs only its own rows."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datagen.dataset.manifest import ManifestError
from datagen.dataset.read import DataSet, load_pair
from luts.tool.errors import UserError
from luts.tool.files import sha256_file

from ..methods.models.checkpoints import WEIGHTS
from ..methods.notes import listening
from ..metrics import Target, find_metrics, score_target
from .predict import Estimator, estimator
from .records import Finish, Record, Sample, Scorer, failure, scored, status_of

if TYPE_CHECKING:
    import numpy as np

    from datagen.dataset.read import Pair

    from ..methods.method import Method
    from .on_device import OnDevice
    from .predictions import Predictions
    from .tasks import Task

Done = tuple[list[Record], float]  # the records, and the seconds spent on making them


@dataclass(frozen=True)
class Loaded:
    """A group of tasks: those with their pictures, and the records of those that have none."""

    samples: list[Sample]
    failed: list[Record]


@dataclass
class Evaluator:
    """Scores groups of tasks; keeps loaded methods between them. Pickles before its first use.

    dataset : of which only the folder is used
    methods : name -> method, loaded when a task first asks for it: without a model, no torch
    metrics : names of what is measured
    device : where models run
    scorer : what measures models: "numpy", or "torch" on the device where a metric has a twin
    weights : folder of the models' weights
    predictions : where predictions are kept and found, if they are
    """

    dataset: DataSet
    methods: dict[str, Method]
    metrics: Sequence[str]
    device: str = "cpu"
    scorer: Scorer = "numpy"
    weights: Path = WEIGHTS
    predictions: Predictions | None = None
    _estimators: dict[str, Estimator] = field(default_factory=dict, init=False, repr=False)
    _on_device: OnDevice | None = field(default=None, init=False, repr=False)

    def __call__(self, group: tuple[Task, ...]) -> Done:
        """Load and score a group, one evaluation after the other."""
        started = time.perf_counter()
        records = [finish() for finish in self.begin(self.load(group))]
        return records, time.perf_counter() - started

    def goes_on_device(self, name: str) -> bool:
        """Whether a method is a model for `on_device`: on a GPU, or measured by tensors."""
        batched = self.device != "cpu" or self.scorer == "torch"
        return batched and self.methods[name].kind == "model"

    def load(self, group: tuple[Task, ...]) -> Loaded:
        """Decode the pictures of a group and make what all methods share."""
        loaded = Loaded([], [])
        for task in group:
            try:
                pair = self._load(task)
                target = Target(pair.reference, pair.degraded, pair.regions)
                loaded.samples.append(Sample(task, pair, target))
            except UserError as error:
                loaded.failed.extend(failure(task, name, status_of(error)) for name in task.keys)
        return loaded

    def begin(self, loaded: Loaded) -> Iterator[Finish]:
        """Run the methods of a group one by one; what is yielded, called, finishes a record."""
        for record in loaded.failed:
            yield partial(dict, record)
        batch = None
        for name in dict.fromkeys(name for sample in loaded.samples for name in sample.task.keys):
            asked = [sample for sample in loaded.samples if name in sample.task.keys]
            if self.goes_on_device(name):
                from .on_device import Batch

                batch = batch or Batch(loaded.samples, self.device)
                yield from self._device().begin(name, batch.part(asked))
                continue
            for sample, made in zip(asked, self._estimates(name, asked), strict=True):
                yield partial(self._measure, sample, name, *made)

    def _device(self) -> OnDevice:
        if self._on_device is None:
            from .on_device import OnDevice

            self._on_device = OnDevice(
                self.methods,
                find_metrics(self.metrics),
                self.scorer == "torch",
                self.device,
                self.weights,
                self.predictions,
            )
        return self._on_device

    def _load(self, task: Task) -> Pair:
        """Read a pair, refusing files that are no longer those the manifest speaks of."""
        row = task.row
        for path in (row.input, row.references[task.reference], row.regions):
            file = self.dataset.folder / path
            if not file.is_file() or sha256_file(file) != row.sha256[path]:
                raise ManifestError(f"{file}: missing or changed since it was built")
        return load_pair(self.dataset, row, task.reference)

    def _estimates(
        self, name: str, asked: list[Sample]
    ) -> list[tuple[np.ndarray | Exception, float]]:
        """Give the estimate, or what went wrong, and the seconds for each of some samples."""
        results: list = [None] * len(asked)
        if self.predictions:
            for i, sample in enumerate(asked):
                started = time.perf_counter()
                found = self.predictions.find(*sample.task.estimate_of(name))
                results[i] = None if found is None else (found, time.perf_counter() - started)
        missing = [i for i, result in enumerate(results) if result is None]
        if missing:
            made = self._infer(name, [asked[i] for i in missing])
            for i, (estimate, seconds) in zip(missing, made, strict=True):
                if self.predictions and not isinstance(estimate, Exception):
                    estimate = self.predictions.keep(*asked[i].task.estimate_of(name), estimate)
                results[i] = (estimate, seconds)
        return results

    def _infer(
        self, name: str, samples: list[Sample]
    ) -> list[tuple[np.ndarray | Exception, float]]:
        """Run a method on samples, together if it can; a batch that fails is halved."""
        if len(samples) != 1 and self.methods[name].kind != "model":
            return [result for sample in samples for result in self._infer(name, [sample])]
        started = time.perf_counter()
        try:
            if name not in self._estimators:
                method = self.methods[name]
                self._estimators[name] = estimator(name, method, self.device, self.weights)
                started = time.perf_counter()  # loading is not what a row's seconds are about
            pairs = [(sample.pair, sample.target.ideal.encoded) for sample in samples]
            with listening() as notes:
                estimates = self._estimators[name](pairs)
            for i, text in notes.items():
                samples[i].notes[name] = text
        except Exception as error:  # whatever a method does, the run goes on and the row says so
            if len(samples) > 1:
                half = len(samples) // 2
                return self._infer(name, samples[:half]) + self._infer(name, samples[half:])
            estimates = [error]
        seconds = (time.perf_counter() - started) / len(samples)
        return [(estimate, seconds) for estimate in estimates]

    def _measure(self, sample: Sample, name: str, estimate: Any, seconds: float) -> Record:
        try:
            if isinstance(estimate, Exception):
                raise estimate
            values = score_target(estimate, sample.target, names=self.metrics)
        except Exception as error:
            return failure(sample.task, name, status_of(error), seconds)
        return scored(sample, name, values, seconds)
