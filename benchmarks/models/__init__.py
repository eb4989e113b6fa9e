"""MODELS: every trainable row by name, and `build` to make one.

A model is an `nn.Module` with `forward(images, regions=None) -> Output`: `images` (N, 3, H, W)
encoded in [0, 1]; `regions` (N, 2, H, W), channel 0 = A, channel 1 = A or B, which global models
ignore and local ones read as "everywhere A" when it is None. `host+conversion` is a global model
made local: see `benchmarks/local/`. To add a model: one file here, one line in the table.
"""

from __future__ import annotations

import difflib
import inspect
from typing import TYPE_CHECKING, Any

from luts.command import UserError

from ..method import Method

if TYPE_CHECKING:
    from torch import nn

_FAMILIES = "benchmarks.models."

GLOBAL: dict[str, Method] = {
    "highlight_shadow_gaussian": Method(
        _FAMILIES + "highlight_shadow:GaussianMasks",
        "model",
        "power law driven by what is brighter or darker than its Gaussian blur; nothing to train",
    ),
    "highlight_shadow_curve": Method(
        _FAMILIES + "highlight_shadow:LearnedCurve",
        "model",
        "gain from two learned luma filters through an S-curve",
        parameters=20,
        trained=True,
    ),
    "highlight_shadow_gain": Method(
        _FAMILIES + "highlight_shadow:LearnedGain",
        "model",
        "gain from two learned luma filters, one per end of the tone range",
        parameters=20,
        trained=True,
    ),
    "zero_dce": Method(
        _FAMILIES + "zero_dce:ZeroDce",
        "model",
        "eight quadratic curves per pixel, trained without references",
        paper="Guo et al., CVPR 2020",
        parameters=79_416,
        trained=True,
    ),
    "zero_dce_pp": Method(
        _FAMILIES + "zero_dce:ZeroDcePlusPlus",
        "model",
        "Zero-DCE with separable convolutions and one curve map for all eight steps",
        paper="Li et al., TPAMI 2021",
        parameters=10_561,
        trained=True,
    ),
}

MODELS: dict[str, Method] = {**GLOBAL}


class ModelError(UserError):
    """A model, a setting or an input that a model cannot work with."""


def build(name: str, **settings: Any) -> nn.Module:
    """Make an untrained model.

    Parameters
    ----------
    name : key of MODELS, such as "zero_dce" or "star_dce+ranlen"
    settings : override the defaults of the model's class

    Raises ModelError for an unknown name or setting.
    """
    if name not in MODELS:
        near = difflib.get_close_matches(name, MODELS, n=3, cutoff=0.4)
        raise ModelError(f"no model called {name!r}; nearest: {', '.join(near) or 'see MODELS'}")
    make = MODELS[name].load()
    settings = MODELS[name].settings | settings
    signature = inspect.signature(make).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in signature.values())
    if not takes_any and (unknown := sorted(settings.keys() - signature.keys())):
        known = ", ".join(signature)
        raise ModelError(f"{name}: unknown setting {', '.join(unknown)}; known: {known}")
    return make(**settings)
