"""Models and the metrics that have a twin, batch by batch on a device; what is left, on the CPU.

Pictures are put on the device once per batch and serve every model. Nothing here waits for the
device: what a model made is fetched when its row is finished, in another thread than the one that
starts the next model.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from datagen.regions.blend_torch import ideal
from luts.torch.layout import to_device

from ..methods.models.checkpoints import WEIGHTS
from ..methods.notes import listening
from ..metrics import Metric, score_target
from ..metrics.twins import TWINS, TargetTensors, score_batch
from .inference import changed_settings, load_model, put
from .predict import BadEstimateError
from .records import Finish, failure, scored, status_of

if TYPE_CHECKING:
    from ..methods.method import Method
    from .predictions import Predictions
    from .records import Sample

CODES = 2**16 - 1  # of a kept prediction


class Batch:
    """Samples of one size on a device."""

    def __init__(self, samples: Sequence[Sample], device: str):
        self.samples, self.device = list(samples), device
        self.images, self.regions = put([sample.pair for sample in samples], device)
        self.target = TargetTensors([sample.target for sample in samples], device)

    def part(self, samples: Sequence[Sample]) -> Batch:
        """Some of the samples; putting them on the device again is cheaper than it looks."""
        return self if list(samples) == self.samples else Batch(samples, self.device)


@dataclass
class OnDevice:
    """Scores models on a device; keeps them loaded.

    methods : by name
    metrics : what is measured
    twins : whether metrics that have a twin are computed on the device
    device : torch device
    weights : folder of the models' weights
    predictions : where predictions are kept and found, if they are
    """

    methods: dict[str, Method]
    metrics: Sequence[Metric]
    twins: bool
    device: str
    weights: Path = WEIGHTS
    predictions: Predictions | None = None
    _modules: dict[str, nn.Module] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.device.startswith("cuda"):
            torch.cuda.set_device(self.device)  # whose streams the events below are recorded on

    def begin(self, name: str, batch: Batch) -> Iterator[Finish]:
        """Start one model on a batch; each result, called, waits for one evaluation's record."""
        found = self._found(name, batch.samples)
        have = [sample for sample in batch.samples if sample in found]
        missing = [sample for sample in batch.samples if sample not in found]
        for part in filter(None, (have, missing)):
            yield from self._started(name, batch.part(part), found)

    def _found(self, name: str, samples: Sequence[Sample]) -> dict[Sample, np.ndarray]:
        """Kept predictions; empty when none are kept."""
        if not self.predictions:
            return {}
        found = {s: self.predictions.find(*s.task.estimate_of(name)) for s in samples}
        return {sample: estimate for sample, estimate in found.items() if estimate is not None}

    def _started(self, name: str, batch: Batch, found: dict[Sample, np.ndarray]) -> list[Finish]:
        """Start a batch; one that fails, for want of memory or otherwise, is halved."""
        try:
            return self._start(name, batch, found)
        except Exception as error:  # whatever a model does, the run goes on and the row says so
            problem = status_of(error)  # the error itself would keep the device's memory taken
        count = len(batch.samples)
        if count == 1:
            return [partial(failure, batch.samples[0].task, name, problem)]
        halves = (batch.samples[: count // 2], batch.samples[count // 2 :])
        return [f for half in halves for f in self._started(name, batch.part(half), found)]

    def _start(self, name: str, batch: Batch, found: dict[Sample, np.ndarray]) -> list[Finish]:
        """Run a model, measure what it makes on the device, and say how to finish each record."""
        kept = batch.samples[0] in found
        if kept:
            arrays = [found[sample] for sample in batch.samples]
            estimates = to_device(arrays, self.device).permute(0, 3, 1, 2)
            finite, marks = torch.ones(len(arrays), dtype=torch.bool), (0.0, 0.0)
        else:
            estimates, finite, marks = self._estimates(name, batch)
        keep = self.predictions is not None and not kept
        if keep:
            estimates = (estimates * CODES).round() / CODES
        ids, values = score_batch(estimates, batch.target, self.metrics if self.twins else [])
        rest = [m for m in self.metrics if not (self.twins and m.name in TWINS)]
        wanted = [estimates.permute(0, 2, 3, 1).contiguous()] if rest or keep else []
        fetched = _fetch(values, finite, *wanted)

        def finish(index: int, sample: Sample) -> dict[str, Any]:
            values, finite, *pictures = fetched()
            seconds = _between(*marks) / len(batch.samples)
            try:
                if not finite[index]:
                    raise BadEstimateError("returned values that are not finite")
                if keep:
                    self.predictions.keep(*sample.task.estimate_of(name), pictures[0][index])
                measured = dict(zip(ids, values[index].tolist(), strict=True))
                if rest:
                    measured |= score_target(pictures[0][index], sample.target, names=rest)
            except Exception as error:
                return failure(sample.task, name, status_of(error), seconds)
            order = [metric.region_id(r) for metric in self.metrics for r in metric.regions]
            scorer = "torch" if self.twins else "numpy"
            return scored(sample, name, {id_: measured[id_] for id_ in order}, seconds, scorer)

        return [partial(finish, index, sample) for index, sample in enumerate(batch.samples)]

    @torch.inference_mode()
    def _estimates(self, name: str, batch: Batch) -> tuple[Tensor, Tensor, tuple[Any, Any]]:
        """Run a model: estimates in [0, 1], whether each is finite, and when it began and ended."""
        method = self.methods[name]
        host = method.blend_of or name
        if host not in self._modules:
            settings = changed_settings(host, method)
            self._modules[host] = load_model(
                host, self.device, weights=self.weights, settings=settings
            )
        began = _mark(self.device)
        with listening() as notes:
            raw = self._modules[host](batch.images, batch.regions).image.float()
        for i, text in notes.items():
            batch.samples[i].notes[name] = text
        if raw.shape != batch.images.shape:
            made, wanted = (tuple(t.shape[2:]) for t in (raw, batch.images))
            raise BadEstimateError(f"returned {made} for an input {wanted}")
        estimates = raw.clamp(0, 1)
        if method.blend_of:
            estimates = ideal(batch.images, estimates, batch.target.alpha)
        marks = began, _mark(self.device)
        return estimates, raw.isfinite().flatten(1).all(1), marks


def _fetch(*tensors: Tensor) -> Callable[[], list[np.ndarray]]:
    """Start copying to the CPU; the result, called, waits for the copies."""
    if not tensors[0].is_cuda:
        return lambda: [tensor.numpy() for tensor in tensors]
    copies = [_pinned(tensor).copy_(tensor, non_blocking=True) for tensor in tensors]
    done = torch.cuda.Event()
    done.record()

    def wait() -> list[np.ndarray]:
        done.synchronize()
        return [copy.numpy() for copy in copies]

    return wait


def _pinned(like: Tensor) -> Tensor:
    return torch.empty(like.shape, dtype=like.dtype, pin_memory=True)


def _mark(device: str) -> Any:
    """A point in time, of the device's own work where it is a GPU."""
    if not device.startswith("cuda"):
        return time.perf_counter()
    event = torch.cuda.Event(enable_timing=True)
    event.record()
    return event


def _between(began: Any, ended: Any) -> float:
    """Seconds between two marks; both have been reached."""
    return ended - began if isinstance(began, float) else began.elapsed_time(ended) / 1e3
