"""Film: crosstalk, tone curve, fade and hue shifts of one imaginary stock, in that order."""

from __future__ import annotations

import numpy as np

from . import crosstalk, fade, oklch, tone
from .family import Family, Parameters

_PARTS = {
    "crosstalk": crosstalk.CROSSTALK,
    "tone": tone.TONE,
    "fade": fade.FADE,
    "oklch": oklch.OKLCH,
}


def draw(rng: np.random.Generator) -> Parameters:
    """Every part drawn as on its own."""
    return {name: part.draw(rng) for name, part in _PARTS.items()}


def apply(encoded: np.ndarray, parameters: Parameters, strength: float = 1.0) -> np.ndarray:
    """Apply the parts in turn, each at the given strength. Parameters: those of each part."""
    for name, part in _PARTS.items():
        encoded = part.apply(encoded, parameters[name], strength)
    return encoded


def limit(parameters: Parameters) -> float:
    """As far as the first of its parts can go."""
    return min(part.limit(parameters[name]) for name, part in _PARTS.items())


FILM = Family(
    draw,
    apply,
    limit,
    "a film stock: crosstalk, curve, fade and hue shifts together",
    how="crosstalk, tone, fade and oklch together",
    drawn="those of its parts",
)
