"""Tone curves by name: linear in, linear out, applied after the exposure and before encoding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

FILMIC_WHITE = 4.0  # Hable's unit; lifts middle grey by about 0.8 stop, white stays white


def none(linear: np.ndarray) -> np.ndarray:
    """Keep the light as it is: the one choice that leaves the exposure measurable."""
    return linear


def filmic(linear: np.ndarray) -> np.ndarray:
    """Lift the midtones and roll off the highlights as film does; 0 and 1 stay.

    Parameters
    ----------
    linear : (...) float >= 0

    References
    ----------
    Hable, "Filmic tonemapping operators", 2010 (the Uncharted 2 curve), scaled to reach 1 at 1
    """
    return _hable(linear * np.float32(FILMIC_WHITE)) / np.float32(_hable(FILMIC_WHITE))


def _hable(x):
    a, b, c, d, e, f = 0.15, 0.50, 0.10, 0.20, 0.02, 0.30
    return (x * (a * x + c * b) + d * e) / (x * (a * x + b) + d * f) - e / f


TONES: dict[str, Callable[[Any], Any]] = {"none": none, "filmic": filmic}
