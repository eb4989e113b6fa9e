"""Runners: a row of the table as something that makes estimates of a batch, arrays or tensors.

`Plain` calls a function on arrays, one picture at a time; `Network` a model on tensors, on whatever
device. Both give every method pictures of its own, so that one that works in place spoils nothing.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from datagen.images.codes import to_float
from luts import read_cube
from luts.tool.isolation import isolated
from luts.tool.outside import beside

from ..methods.blend import blend
from .acceptable import BadEstimateError, checked, other_shape
from .device import between, exact_float32, mark
from .pictures import PictureFolder, read_picture

if TYPE_CHECKING:
    from torch import Tensor, nn

    from datagen.dataset.read import Pair

    from ..methods import Method
    from ..metrics import Target
    from ..metrics.twins import TargetTensors
    from .tasks import Task


@dataclass(frozen=True, eq=False)
class Sample:
    """A pair with what is wanted of it; `notes` has what methods said about it, by name."""

    pair: Pair
    target: Target
    task: Task | None = None
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class Batch:
    """Samples of one size; as tensors they are on a device, once for all methods."""

    samples: list[Sample]
    device: str = "cpu"

    @cached_property
    def images(self) -> Tensor:
        """The degraded pictures, (N, 3, H, W) encoded."""
        from luts.torch.layout import to_batch

        pictures = to_batch([sample.pair.degraded for sample in self.samples], self.device)
        return pictures.contiguous()

    @cached_property
    def regions(self) -> Tensor:
        """(N, 2, H, W): region A, and A or B."""
        from luts.torch.layout import to_device

        return region_maps(to_device([s.pair.regions for s in self.samples], self.device))

    @cached_property
    def target(self) -> TargetTensors:
        """What is wanted, for metrics on tensors."""
        from ..metrics.twins import TargetTensors

        return TargetTensors([sample.target for sample in self.samples], self.device)

    def part(self, samples: Sequence[Sample]) -> Batch:
        """Some of the samples; putting them on the device again is cheaper than it looks."""
        return self if list(samples) == self.samples else Batch(list(samples), self.device)


@dataclass(frozen=True)
class Estimates:
    """What a method made of a batch, clipped to [0, 1].

    pictures : (H, W, 3) arrays, or one tensor (N, 3, H, W)
    facts : (N, 4), before clipping: 1 where all is finite, smallest, largest and mean value
    seconds : of one picture; waits for the device
    """

    pictures: list[np.ndarray] | Tensor
    facts: np.ndarray | Tensor
    seconds: Callable[[], float]


class Runner(Protocol):
    """Makes estimates. Those that run `together` take several pictures of one size at a time."""

    together: bool

    def run(self, batch: Batch) -> Estimates:
        """Estimates of a batch; raises whatever the method raises."""
        ...

    def named(self, name: str, *, blends: bool) -> Runner:
        """The same method under another row's name, its results blended or not."""
        ...


def make_runner(name: str, method: Method, device: str = "cpu") -> Runner:
    """Make the runner of one row.

    Parameters
    ----------
    name : of the row
    method : the row; its settings and weights are what is run
    device : torch device of models; everything else runs on the CPU

    Raises UntrainedError when a model should have weights and there are none.
    """
    return Network(name, method, device) if method.kind == "model" else Plain(name, method)


class Plain:
    """A function on arrays, whatever kind of method it is."""

    together = False

    def __init__(self, name: str, method: Method):
        self.name, self.blends = name, bool(method.blend_of)
        host = replace(method, blend_of="", region_aware=False) if self.blends else method
        self._call, self._target = _function(host), method.target

    def named(self, name: str, *, blends: bool) -> Plain:
        """The same method under another name, for its blended row."""
        twin = copy.copy(self)
        twin.name, twin.blends = name, blends
        return twin

    def run(self, batch: Batch) -> Estimates:
        """Estimate a batch, which holds one sample."""
        (sample,) = batch.samples
        pair, ideal = _own(sample.pair), sample.target.ideal.encoded.copy()
        began = time.perf_counter()
        with isolated(self.name, pair.id), beside(self._target):
            raw = self._call(pair, ideal)
        picture, facts = checked(raw, sample.pair.degraded)
        if self.blends:
            picture = blend(picture, sample.pair.degraded, sample.pair.regions)
        seconds = time.perf_counter() - began
        return Estimates([picture], facts, lambda: seconds)


class Network:
    """A model on tensors. Nothing here waits for the device."""

    together = True

    def __init__(self, name: str, method: Method, device: str):
        from ..methods.models.trained.checkpoints import load_row

        self.name, self.device, self.blends = name, device, bool(method.blend_of)
        exact_float32(device)
        with isolated(name):
            self.module = load_row(name, method)[0].to(device).eval()
        self._target = method.target

    def named(self, name: str, *, blends: bool) -> Network:
        """The same network under another row's name, its results blended or not."""
        twin = copy.copy(self)
        twin.name, twin.blends = name, blends
        return twin

    def run(self, batch: Batch) -> Estimates:
        """Estimate a batch on the device; its pictures are of one size."""
        import torch

        from datagen.regions.blend_torch import ideal

        images, regions = batch.images.clone(), batch.regions.clone()
        began = mark(self.device)
        own = isolated(self.name, batch.samples[0].pair.id)
        with own, beside(self._target), torch.inference_mode():
            raw = self.module(images, regions).image
            if raw.shape != batch.images.shape:
                raise BadEstimateError(other_shape(raw.shape, batch.images.shape))
            raw = raw.float()
            pictures = raw.clamp(0, 1)
            if self.blends:
                alpha = batch.target.alpha
                pictures = ideal(batch.images, pictures, alpha)
            flat = raw.flatten(1)
            finite = flat.isfinite().all(1).float()
            facts = torch.stack([finite, flat.amin(1), flat.amax(1), flat.mean(1)], 1)
        marks = began, mark(self.device)
        count = len(batch.samples)
        return Estimates(pictures, facts, lambda: between(*marks) / count)


def infer(module: nn.Module, pairs: Sequence[Pair]) -> list[np.ndarray]:
    """Run a model on pairs of one size as one batch, wherever its weights are.

    Returns
    -------
    One (H, W, 3) float32 array per pair, not clipped.
    """
    import torch

    from luts.torch.layout import to_batch, to_device

    device = str(next(module.parameters(), torch.empty(0)).device)
    images = to_batch([pair.degraded for pair in pairs], device).contiguous()
    regions = region_maps(to_device([pair.regions for pair in pairs], device))
    with torch.inference_mode():
        output = module(images, regions).image
        return list(output.permute(0, 2, 3, 1).float().cpu().numpy())


def region_maps(labels: Tensor) -> Tensor:
    """Labels (N, H, W) as what models take: (N, 2, H, W), region A, and A or B."""
    import torch

    from datagen.regions import labels as masks

    return torch.stack([labels == masks.A, labels >= masks.B], 1).float()


def _own(pair: Pair) -> Pair:
    """The pair with arrays that nobody else sees."""
    arrays = (pair.degraded.copy(), pair.reference.copy(), pair.regions.copy())
    return type(pair)(pair.id, *arrays, pair.lut)


def _function(method: Method) -> Callable[[Pair, np.ndarray], Any]:
    """The function (pair, ideal) -> estimate of a row that is no model."""
    if method.kind == "external":
        folder = PictureFolder.of(method)
        return lambda pair, ideal: _elsewhere(folder, pair)
    function = method.load()
    if method.kind == "check":
        return lambda pair, ideal: function(pair.degraded, ideal)
    if method.kind == "oracle":
        return lambda pair, ideal: _in_regions(function, pair)
    if method.kind == "stored":
        return lambda pair, ideal: _keep_c(function(pair.degraded, _lut(pair)), pair)
    settings = dict(method.settings)
    call = partial(function, **settings) if settings else function
    if method.region_aware:
        return lambda pair, ideal: call(pair.degraded, regions=pair.regions)
    return lambda pair, ideal: call(pair.degraded)


def _elsewhere(folder: PictureFolder, pair: Pair) -> np.ndarray:
    picture = read_picture(folder.find(pair.id))
    if picture.ndim != 3 or picture.shape[2] != 3:
        raise BadEstimateError(f"a picture of shape {picture.shape}; give RGB without alpha")
    return picture if picture.dtype.kind == "f" else to_float(picture)


def _in_regions(function: Callable[..., Any], pair: Pair) -> np.ndarray:
    """Fit an oracle where it counts: A by A's pixels alone, so that it bounds A; B by A and B."""
    estimate = pair.degraded.copy()
    for label, fitted in ((1, pair.regions >= 1), (2, pair.regions == 2)):
        wanted = pair.regions == label
        if wanted.any():
            result = function(pair.degraded[fitted][None], pair.reference[fitted][None])[0]
            estimate[wanted] = result[wanted[fitted]]
    return _keep_c(estimate, pair)


def _keep_c(estimate: np.ndarray, pair: Pair) -> np.ndarray:
    return blend(estimate, pair.degraded, pair.regions)


def _lut(pair: Pair) -> Any:
    return None if pair.lut is None else read_cube(pair.lut)
