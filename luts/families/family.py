"""What a family of distortions is: how its parameters are drawn, and what they do to a colour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..tool.errors import UserError

Parameters = dict[str, Any]  # plain numbers, words and lists of them: JSON-able


class DistortionError(UserError):
    """A distortion that cannot be made as asked; the message says what can."""


@dataclass(frozen=True)
class Family:
    """One row of FAMILIES.

    Drawing and applying are apart, so that a distortion is reproduced from its parameters alone.

    draw      function(rng) -> parameters, a typical member of the family
    apply     function(encoded, parameters, strength) -> encoded; encoded is (..., 3) float64, any
              finite value; the result is not clipped. Strength 1 is the member as drawn and
              strength 0 the identity; in between, the parameters are scaled, not the result
    limit     function(parameters) -> the largest strength at which the member is still one of its
              family (curves rise, displacements keep within their bound); 0 to this is allowed
    summary   one line: which cause it models
    reaches   the strongest of the usual severities, up to 12, that nearly every seed can be given
    how       what `apply` computes, for docs/luts_families.md
    drawn     what `draw` draws, for the same page
    """

    draw: Callable[[np.random.Generator], Parameters]
    apply: Callable[[np.ndarray, Parameters, float], np.ndarray]
    limit: Callable[[Parameters], float]
    summary: str
    reaches: float = 12.0
    how: str = ""
    drawn: str = ""
