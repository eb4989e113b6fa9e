"""MODELS: every trainable row by name, and `build` to make one.

A model is an `nn.Module` with `forward(images, regions=None) -> Output`: `images` (N, 3, H, W)
encoded in [0, 1]; `regions` (N, 2, H, W), channel 0 = A, channel 1 = A or B, which global models
ignore and local ones read as "everywhere A" when it is None. `host+conversion` is a global model
made local: see `local/`. To add a model: one file in `networks/`, one card in `cards.py`.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from luts.tool.errors import UserError
from luts.tool.outside import beside
from luts.tool.words import shown

from ..method import Method
from ..outside import from_outside, is_outside
from .cards import rows

if TYPE_CHECKING:
    from torch import nn

MODELS: dict[str, Method] = rows()


class ModelError(UserError):
    """A model, a setting or an input that a model cannot work with."""


def model_row(name: str) -> Method:
    """The row of a model: one of MODELS, the model of "NAME@LABEL", or one from outside.

    Raises ModelError naming the nearest known names.
    """
    base = name.partition("@")[0]
    if base in MODELS:
        return MODELS[base]
    if is_outside(name):
        row = from_outside(name)[1]
        if row.kind == "model":
            return row
        raise ModelError(f"{name}: is no torch.nn.Module")
    near = difflib.get_close_matches(base, MODELS, n=3, cutoff=0.4)
    raise ModelError(f"no model called {name!r}; nearest: {', '.join(near) or 'see MODELS'}")


def build(name: str, **settings: Any) -> nn.Module:
    """Make an untrained model.

    Parameters
    ----------
    name : key of MODELS, such as "zero_dce" or "star_dce+ranlen", or "my.py:Net"
    settings : override the defaults of the model's class

    Raises ModelError for an unknown name or setting.
    """
    return build_row(name, model_row(name), **settings)


def build_host(name: str, **settings: Any) -> nn.Module:
    """The model that another one is made of, by its name in the table.

    The name may stand in the record or the run.json of a stranger, so it is never looked for
    outside: that would run whatever file it names.
    """
    if name not in MODELS:
        raise ModelError(f"host: must be a model of `benchmarks list model`, got {shown(name)}")
    return build(name, **settings)


def build_row(name: str, row: Method, **settings: Any) -> nn.Module:
    """The same for a row of the table, whose own settings come first."""
    make = row.load()
    if not isinstance(make, type) and not row.trained and hasattr(make, "state_dict"):
        from .adapter import adapted  # a network that stands ready-made in a file

        return adapted(make)
    settings = {**row.settings, **settings}
    signature = inspect.signature(make).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in signature.values())
    if not takes_any and (unknown := sorted(settings.keys() - signature.keys())):
        known = ", ".join(signature)
        raise ModelError(f"{name}: unknown setting {', '.join(unknown)}; known: {known}")
    for key, value in settings.items():
        _check_kind(name, key, value, signature.get(key))
    with beside(row.target):
        made = _made(name, make, settings)
    if row.target.startswith("benchmarks."):
        return made
    from .adapter import adapted

    return adapted(made)


def _check_kind(name: str, key: str, value: Any, known: inspect.Parameter | None) -> None:
    """Refuse a setting of another kind than its default: networks find out too late."""
    default = None if known is None else known.default
    kinds = next((kinds for kinds in _KINDS if isinstance(default, kinds)), ())
    truth = isinstance(value, bool) and bool not in kinds  # Python takes True for a number
    if kinds and (truth or not isinstance(value, kinds)):
        raise ModelError(f"{name}: {key} is such as {default!r}, got {shown(value)}")


_KINDS: tuple[tuple[type, ...], ...] = ((bool,), (float, int), (str,), (tuple, list), (dict,))


def _made(name: str, make: Callable[..., nn.Module], settings: Mapping[str, Any]) -> nn.Module:
    """A model of some settings, which may be a stranger's: ModelError says what they are not."""
    try:
        return make(**settings)
    except UserError:
        raise
    except (TypeError, ValueError, RuntimeError, ArithmeticError, LookupError) as error:
        if not settings:
            raise
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise ModelError(
            f"{name}: cannot be made with {shown(dict(settings))}: {reason}"
        ) from error
