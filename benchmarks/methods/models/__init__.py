"""MODELS: every trainable row by name, and `build` to make one.

A model is an `nn.Module` with `forward(images, regions=None) -> Output`: `images` (N, 3, H, W)
encoded in [0, 1]; `regions` (N, 2, H, W), channel 0 = A, channel 1 = A or B, which global models
ignore and local ones read as "everywhere A" when it is None. `host+conversion` is a global model
made local: see `local/`. To add a model: one file here, one card in `cards.py`.
"""

from __future__ import annotations

import difflib
import inspect
from typing import TYPE_CHECKING, Any

from luts.tool.errors import UserError

from ..method import Method
from .cards import rows

if TYPE_CHECKING:
    from torch import nn

MODELS: dict[str, Method] = rows()


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
