"""How each model is trained, and where that comes from."""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass, field
from typing import Any

from luts.tool.errors import UserError

from ..methods.models import MODELS, ModelError
from ..methods.models.cards import training_of
from .losses import LOSSES

OPTIMISERS = ("adam", "adamw", "sgd")
SCHEDULES = ("constant", "cosine")


class TrainingError(UserError):
    """Settings or data that cannot be trained with, or a training that went wrong."""


@dataclass(frozen=True)
class Stage:
    """One part of a training, in units that fit a training of any length.

    share : of all steps; shares are divided by their sum
    crop, batch : as in Training, which they replace
    halvings : how often the learning rate halves within the stage, in equal parts of it
    critic_from : share of the stage after which an adversarial term acts; 1 for never
    """

    share: float
    crop: int
    batch: int
    halvings: int = 0
    critic_from: float = 0.0


@dataclass(frozen=True)
class Training:
    """Everything a training run depends on besides the data. Saved beside the weights.

    steps, batch : optimiser steps; images per step over all processes
    crop : side of the square crops, pixels
    clip : largest gradient norm, 0 for no limit
    validate_every : steps between validations; validate_images : how many at most
    ema : decay of the averaged weights that are validated and saved, 0 for none
    schedule : "constant", or "cosine" from `lr` to 0 over all steps
    region_weights : of the losses on A, B and C; local models only
    stages : parts with their own crop and batch, fields of Stage; () for one whole
    reject : draw crops without tones or detail in the reference again, see patches.is_informative
    adversarial : weight of the adversarial term, 0 for none; critic_lr : of its critic
    mixed_precision : bfloat16 autocast; takes effect on a GPU only
    model_settings : passed to `benchmarks.methods.models.build`
    """

    model: str
    loss: str = "l1"
    optimiser: str = "adam"
    lr: float = 1e-3
    weight_decay: float = 0.0
    schedule: str = "constant"
    clip: float = 0.0
    ema: float = 0.0
    batch: int = 8
    crop: int = 128
    steps: int = 1000
    validate_every: int = 250
    validate_images: int = 64
    seed: int = 0
    mixed_precision: bool = True
    region_weights: tuple[float, float, float] = (1.0, 1e-4, 1.0)
    stages: tuple[dict[str, float], ...] = ()
    reject: bool = False
    adversarial: float = 0.0
    critic_lr: float = 1e-5
    model_settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for known in dataclasses.fields(self):
            _check_kind(known.name, getattr(self, known.name), _kind(known))
        choices = {"optimiser": OPTIMISERS, "schedule": SCHEDULES, "loss": tuple(LOSSES)}
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                got = getattr(self, name)
                raise TrainingError(f"{name} must be one of {', '.join(allowed)}, got {got!r}")
        for name in ("steps", "batch", "crop", "validate_every", "validate_images", "lr"):
            if getattr(self, name) <= 0:
                raise TrainingError(f"{name} must be positive, got {getattr(self, name)}")
        if self.seed < 0:
            raise TrainingError(f"seed must not be negative, got {self.seed}")
        if len(self.region_weights) != 3 or min(map(float, self.region_weights)) < 0:
            raise TrainingError(
                f"region_weights are those of A, B and C, got {self.region_weights}"
            )
        if not 0 <= self.ema < 1:
            raise TrainingError(f"ema must be in [0, 1), got {self.ema}")
        if self.adversarial and MODELS[self.model].region_aware:
            raise TrainingError("the critic judges whole pictures: no adversarial term for regions")
        try:
            for stage in self.stages:
                Stage(**stage)
        except TypeError as error:
            raise TrainingError(f"stages: {error}") from None
        if any(x <= 0 for s in self.stages for x in (s["share"], s["crop"], s["batch"])):
            raise TrainingError(f"share, crop and batch of a stage must be positive: {self.stages}")


KINDS = {
    str: "a word",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple: "a list",
    dict: 'an object such as {"degree": 0.5}',
}


def _kind(known: dataclasses.Field) -> type:
    """The kind of a setting: that of its default."""
    if known.default is not dataclasses.MISSING:
        return type(known.default)
    return str if known.default_factory is dataclasses.MISSING else known.default_factory


def _check_kind(name: str, value: Any, kind: type) -> None:
    fits = isinstance(value, (int, float) if kind is float else kind)
    if not fits or (isinstance(value, bool) and kind is not bool):
        raise TrainingError(f"{name} must be {KINDS[kind]}, got {value!r}")


def settings_for(model: str, **overrides: Any) -> Training:
    """The recipe of a model, with overrides.

    Raises TrainingError for a model that has nothing to train or a setting that does not exist.
    """
    if model not in MODELS:
        near = difflib.get_close_matches(model, MODELS, n=3, cutoff=0.4)
        raise ModelError(f"no model called {model!r}; nearest: {', '.join(near) or 'none'}")
    if not MODELS[model].trained:
        raise TrainingError(f"{model} has no parameters to train")
    known = [f.name for f in dataclasses.fields(Training)]
    for name in overrides:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise TrainingError(f"unknown setting {name!r}; nearest: {(near or known)[0]}")
    return Training(model=model, **training_of(model) | overrides)
