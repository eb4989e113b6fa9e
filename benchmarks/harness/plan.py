"""What to score, and with what: all that a run is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..methods.models.trained.given import GivenWeights
from .ranks import ALONE, Rank


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
