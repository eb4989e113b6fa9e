"""What a kind of layer is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .parameter import Parameter

Values = dict[str, Any]
MAX_AMOUNT = 4.0  # how far a whole look can be scaled up


def _as_given(values: Values, _: Path) -> Any:
    return values


def _any(_: Any) -> float:
    return MAX_AMOUNT


def _never(_: Any) -> bool:
    return False


@dataclass(frozen=True)
class Kind:
    """One row of KINDS.

    parameters : name -> Parameter, in the order in which the page shows them
    apply : function(encoded, prepared, strength) -> encoded; (..., 3) float64, any finite value,
        not clipped. Strength 0 is the identity and 1 the layer as set; in between and beyond, the
        parameters are scaled, not the result (a finished table is mixed in)
    summary : one line: what it does
    prepare : function(values, folder of the look) -> what `apply` takes; reads files and draws
    limit : function(prepared) -> the largest strength to which scaling a whole look may bring it
    separable : function(prepared) -> whether each output channel depends on its own input alone
    """

    parameters: Mapping[str, Parameter]
    apply: Callable[[np.ndarray, Any, float], np.ndarray]
    summary: str
    prepare: Callable[[Values, Path], Any] = _as_given
    limit: Callable[[Any], float] = _any
    separable: Callable[[Any], bool] = _never


def always(_: Any) -> bool:
    """For `separable`."""
    return True
