"""Channel: three different rising curves, so that the cast changes from shadows to highlights."""

from __future__ import annotations

import numpy as np

from .family import Family, Parameters
from .tone import curve, draw_increments, limit_increments, scale


def draw(rng: np.random.Generator) -> Parameters:
    """One curve per channel, each gentler than a tone curve: their differences add up."""
    return {"increments": [draw_increments(rng, lean=0.5, concentration=16.0) for _ in "rgb"]}


def apply(encoded: np.ndarray, parameters: Parameters, strength: float = 1.0) -> np.ndarray:
    """Bend each channel by its own curve. Parameters: increments, three lists as in tone."""
    curves = [scale(increments, strength) for increments in parameters["increments"]]
    return np.stack([curve(encoded[..., c], curves[c]) for c in range(3)], axis=-1)


def limit(parameters: Parameters) -> float:
    """The largest strength: that of `limit_increments`."""
    return min(limit_increments(increments) for increments in parameters["increments"])


CHANNEL = Family(
    draw,
    apply,
    limit,
    "crossed curves: another cast in shadows than in highlights",
    how="a curve of `tone` for each channel",
    drawn="3 x 8 increments",
)
