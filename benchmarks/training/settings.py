"""How each model is trained, and where that comes from."""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass, field
from typing import Any

from luts.tool.errors import UserError

from ..methods.models import MODELS, ModelError
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


# What the papers and their code use, per host; a converted model (host+conversion) inherits it.
# Number of steps and crop are not theirs: they trained for days on a GPU.
RECIPES: dict[str, dict[str, Any]] = {
    "highlight_shadow_curve": {"lr": 1e-2},
    "highlight_shadow_gain": {"lr": 1e-2},
    # Authors' code: Adam 1e-4 with weight decay 1e-4, gradient norm 0.1, batch 8.
    "zero_dce": {"loss": "zero_reference", "lr": 1e-4, "weight_decay": 1e-4, "clip": 0.1},
    "zero_dce_pp": {"loss": "zero_reference_pp", "lr": 1e-4, "weight_decay": 1e-4, "clip": 0.1},
    # Released code: Adam 1e-3 with weight decay 1e-4 to 0 along a cosine, gradient norm 1, L1.
    "star_dce": {"lr": 1e-3, "weight_decay": 1e-4, "schedule": "cosine", "clip": 1.0},
    # Released graph: Adam 1e-4, batch 16.
    "deep_upe": {"loss": "retinex", "lr": 1e-4, "batch": 16},
    "unet": {"optimiser": "adamw", "lr": 1e-3, "weight_decay": 1e-2, "schedule": "cosine"},
    # Authors' code: Adam 1e-3, a tenth of it after 20 of 100 epochs; batch 16, patches of 48.
    "retinexnet": {"lr": 1e-3, "batch": 16, "crop": 48},
    # Authors' code: Adam 5e-5, batch 4; their loss needs HDR images, this one ordinary pairs.
    "hdr_cnn": {"lr": 5e-5, "batch": 4},
    # Authors' code: Adam 5e-4, batch 50, patches of 100. L1 stands for their four losses.
    "dped": {"lr": 5e-4, "batch": 50, "crop": 100},
    # The author: squared error for pairs.
    "dpe": {"loss": "l2"},
    # Released settings: Adam 2e-4 to 1e-6 along a cosine, L1, batch 8, gradient norm 0.01.
    "retinexformer": {"lr": 2e-4, "schedule": "cosine", "clip": 0.01},
    # Small versions are trained for minutes, not days: a higher rate that falls to 0.
    "retinexnet_small": {"lr": 2e-3, "schedule": "cosine"},
    "hdr_cnn_small": {"lr": 2e-3, "schedule": "cosine"},
    "dped_small": {"lr": 2e-3, "schedule": "cosine", "clip": 1.0},
    "dpe_small": {"lr": 2e-3, "schedule": "cosine"},
    "retinexformer_small": {"lr": 2e-3, "schedule": "cosine", "clip": 1.0},
    # Authors' code: Adam 1e-4, batch 1, for heads that are not equalised.
    "image_adaptive_lut": {"loss": "l2", "lr": 1e-3, "schedule": "cosine", "crop": 168},
    "adaint": {"loss": "l2", "lr": 1e-3, "schedule": "cosine", "crop": 168},
    "tone_thumb": {
        "optimiser": "adamw",
        "lr": 3e-3,
        "weight_decay": 1e-3,
        "schedule": "cosine",
        "clip": 1.0,
        "ema": 0.98,
        "batch": 16,
        "crop": 168,
    },
    "kl_vae": {"lr": 3e-3, "schedule": "cosine", "clip": 1.0, "crop": 96},
    "vae_recolour": {
        "lr": 2e-3,
        "schedule": "cosine",
        "clip": 1.0,
        "crop": 168,
        "model_settings": {"vae": "kl_vae"},
    },
    # Released code: Adam 1e-4, 1e-5 for the critic; 40, 30 and 20 epochs of 10, 6 and 4 patches per
    # picture make 12.5, 22.5 and 20 steps per picture. See losses.pyramid for the adversarial unit.
    "msec": {
        "loss": "pyramid",
        "lr": 1e-4,
        "stages": (
            {"share": 12.5, "crop": 128, "batch": 32, "halvings": 1, "critic_from": 1.0},
            {"share": 22.5, "crop": 256, "batch": 8, "halvings": 2, "critic_from": 0.5},
            {"share": 20.0, "crop": 512, "batch": 4, "halvings": 3, "critic_from": 0.25},
        ),
        "reject": True,
        "adversarial": 4 / 255,
    },
    "msec_small": {"loss": "pyramid", "lr": 1e-3, "schedule": "cosine"},
}
CONVERSIONS: dict[str, dict[str, Any]] = {
    # RANLEN, section 4.3.2: no loss on B, and C is all but A.
    "ranlen_no_band": {"region_weights": (1.0, 0.0, 1.0)},
}


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
    host, _, conversion = model.partition("+")
    recipe = RECIPES.get(host, {}) | CONVERSIONS.get(conversion, {})
    return Training(model=model, **recipe | overrides)
