"""How each model is trained, and where that comes from."""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass, field
from typing import Any

from luts.tool.errors import UserError

from ..methods.models import model_row
from ..methods.models.cards import training_of
from .losses import LOSSES

OPTIMISERS = ("adam", "adamw", "sgd")
SCHEDULES = ("constant", "cosine")

Size = tuple[()] | tuple[int, int]
"""Height and width in pixels, or () for none."""


class TrainingError(UserError):
    """Settings or data that cannot be trained with, or a training that went wrong."""


@dataclass(frozen=True)
class Stage:
    """One part of a training, in units that fit a training of any length.

    share : of the whole run; shares are divided by their sum
    batch, crop, size : as in Training, which they replace; crop or size is given
    rate : factor on the learning rate
    halvings : how often the learning rate halves within the stage, in equal parts of it
    critic_from : share of the stage after which an adversarial term acts; 1 for never
    """

    share: float
    batch: int
    crop: int = 0
    size: Size = ()
    rate: float = 1.0
    halvings: int = 0
    critic_from: float = 0.0

    def __post_init__(self) -> None:
        if min(self.share, self.batch, self.rate) <= 0 or bool(self.crop) == bool(self.size):
            raise TrainingError(
                f"share, batch and rate of a stage must be positive, with crop or size: {self}"
            )
        _check_size(self.size)


@dataclass(frozen=True)
class Training:
    """Everything a training run depends on besides the data. Saved beside the weights.

    steps, batch : optimiser steps; images per step over all processes
    minutes : budget of processor time of one core instead of steps, 0 for none
    crop : side of the square crops, pixels
    size : height and width of whole pictures instead of crops; streams only
    clip : largest gradient norm, 0 for no limit
    validations : how many over the run, evenly; 0 : one every `validate_every` steps
    validate_images : how many at most are scored
    ema : decay of the averaged weights that are validated and saved, 0 for none
    schedule : "constant", or "cosine" from `lr` to 0 over the run
    warmup : share of the run over which the learning rate rises from 0
    start : file of weights to begin with; empty begins with those that are drawn
    region_weights : of the losses on A, B and C; local models only
    stages : parts with their own crop and batch, fields of Stage; () for one whole
    reject : draw crops without tones or detail in the reference again, see patches.is_informative
    adversarial : weight of the adversarial term, 0 for none; critic_lr : of its critic
    mixed_precision : bfloat16 autocast on a GPU; bfloat16_on_cpu : on a processor, worth it where
        it multiplies them itself
    model_settings : passed to `benchmarks.methods.models.build`
    """

    model: str
    loss: str = "l1"
    optimiser: str = "adam"
    lr: float = 1e-3
    weight_decay: float = 0.0
    schedule: str = "constant"
    warmup: float = 0.0
    clip: float = 0.0
    ema: float = 0.0
    batch: int = 8
    crop: int = 128
    size: Size = ()
    steps: int = 1000
    minutes: float = 0.0
    validations: int = 0
    validate_every: int = 250
    validate_images: int = 64
    seed: int = 0
    start: str = ""
    mixed_precision: bool = True
    bfloat16_on_cpu: bool = False
    region_weights: tuple[float, float, float] = (1.0, 1e-4, 1.0)
    stages: tuple[dict[str, Any], ...] = ()
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
        for name in ("seed", "minutes", "validations"):
            if getattr(self, name) < 0:
                raise TrainingError(f"{name} must not be negative, got {getattr(self, name)}")
        if not 0 <= self.warmup < 1:
            raise TrainingError(f"warmup must be in [0, 1), got {self.warmup}")
        _check_size(self.size)
        if len(self.region_weights) != 3 or min(map(float, self.region_weights)) < 0:
            raise TrainingError(
                f"region_weights are those of A, B and C, got {self.region_weights}"
            )
        if not 0 <= self.ema < 1:
            raise TrainingError(f"ema must be in [0, 1), got {self.ema}")
        if self.adversarial and model_row(self.model).region_aware:
            raise TrainingError("the critic judges whole pictures: no adversarial term for regions")
        try:
            self.parts  # noqa: B018
        except TypeError as error:
            raise TrainingError(f"stages: {error}") from None

    @property
    def parts(self) -> tuple[Stage, ...]:
        """The stages; the whole run as one when there are none."""
        if not self.stages:
            return (Stage(1.0, self.batch, 0 if self.size else self.crop, self.size),)
        return tuple(
            Stage(**stage | {"size": tuple(stage.get("size", ()))}) for stage in self.stages
        )


KINDS = {
    str: "a word",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple: "a list",
    dict: 'an object such as {"degree": 0.5}',
}


def _check_size(size: tuple[int, ...]) -> None:
    whole = all(isinstance(side, int) and side > 0 for side in size)
    if not whole or len(size) not in (0, 2):
        raise TrainingError(f"size must be height and width in pixels, got {list(size)}")


def _kind(known: dataclasses.Field) -> type:
    """The kind of a setting: that of its default; the model has none and is a word."""
    if known.default_factory is not dataclasses.MISSING:
        return type(known.default_factory())
    return str if known.default is dataclasses.MISSING else type(known.default)


def _check_kind(name: str, value: Any, kind: type) -> None:
    fits = isinstance(value, (int, float) if kind is float else kind)
    if not fits or (isinstance(value, bool) and kind is not bool):
        raise TrainingError(f"{name} must be {KINDS[kind]}, got {value!r}")


# On a stream: whole pictures that grow, and a rate that a few thousand steps need. What is learned
# at 96 x 64 carries a U-Net only so far at 192 x 128: after two minutes of a core nothing more.
STREAMED: dict[str, Any] = {
    "optimiser": "adamw",
    "lr": 2e-3,
    "weight_decay": 1e-4,
    "schedule": "cosine",
    "warmup": 0.05,
    "clip": 1.0,
    "ema": 0.99,
    "stages": (
        {"share": 0.3, "size": (64, 96), "batch": 8},
        {"share": 0.7, "size": (128, 192), "batch": 4},
    ),
    "validations": 4,
    "validate_images": 110,
}
# Losses without a reference keep their authors' limit on the gradient.
STREAMED_HOSTS: dict[str, dict[str, Any]] = {
    "zero_dce": {"lr": 1e-3, "clip": 0.1},
    "zero_dce_pp": {"lr": 1e-3, "clip": 0.1},
    "deep_upe": {"lr": 1e-3},
    # At 2e-3 these stand still after a minute: illumination at its bound, or units that are dead.
    "sci": {"lr": 3e-4, "clip": 5.0},
    "ruas": {"lr": 1e-3, "clip": 5.0},
    "retinexnet_small": {"lr": 5e-4},
}


def streamed_settings_for(model: str, **overrides: Any) -> Training:
    """How a model is trained on a stream: its own loss and settings, the stages of STREAMED."""
    host = model.partition("+")[0]
    return settings_for(model, **STREAMED | STREAMED_HOSTS.get(host, {}) | overrides)


def settings_for(model: str, **overrides: Any) -> Training:
    """The recipe of a model, with overrides.

    Raises TrainingError for a model that has nothing to train or a setting that does not exist.
    """
    if not model_row(model).trained:
        raise TrainingError(f"{model} has no parameters to train")
    known = [f.name for f in dataclasses.fields(Training)]
    for name in overrides:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise TrainingError(f"unknown setting {name!r}; nearest: {(near or known)[0]}")
    return Training(model=model, **training_of(model) | overrides)
