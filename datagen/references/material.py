"""What references are made from, and what they give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Material:
    """All that a scene offers a reference. Pictures have the working size, (H, W, 3)."""

    linear: np.ndarray  # float32, scene-linear as developed, 1.0 = cut off at EV 0
    bits: int  # 8 or 16, of the codes wanted
    tone: str = "none"  # the recipe's tone curve
    light: np.ndarray | None = None  # the scene's light without noise or clipping, in any unit
    light_kind: str = "developed"  # where the light that fusion takes comes from
    white: float | None = 1.0  # where that light was cut off; None: nowhere
    camera: Callable[[], np.ndarray | None] = lambda: None  # the camera's own picture, encoded


@dataclass(frozen=True, eq=False)
class Made:
    """A reference: codes (H, W, 3) uint8 or uint16, and what is worth writing down."""

    codes: np.ndarray
    facts: Mapping[str, Any] = field(default_factory=dict)
