"""What a stream's sources give for a batch of draws, and the error they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from luts.tool.errors import UserError


class StreamError(UserError):
    """A stream that cannot be made; the message says what is wrong and what to do."""


@dataclass(frozen=True)
class Taken:
    """A batch before distortions.

    encoded : (N, 3, H, W) in [0, 1], not rounded
    references : by name, the same, rounded to codes
    mattes : per sample (H, W) float32 in [0, 1], 1 = the subject, or None
    evs : stops per sample; NaN where it is not known
    """

    encoded: Tensor
    references: dict[str, Tensor]
    mattes: Sequence[np.ndarray | None]
    evs: Sequence[float]
