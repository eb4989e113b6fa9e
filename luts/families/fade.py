"""Fade: blacks that are no longer black and whites no longer white, each with a tint."""

from __future__ import annotations

import numpy as np

from .family import Family, Parameters

MIN_RANGE = 0.25  # of the output between black and white: two of the eight bits are lost


def draw(rng: np.random.Generator) -> Parameters:
    """Blacks lifted to 0.03..0.2, whites pulled to 0.85..1, channels apart by a few hundredths."""
    black = rng.uniform(0.03, 0.2) + rng.normal(0, 0.025, 3)
    white = rng.uniform(0.85, 1.0) + rng.normal(0, 0.025, 3)
    return {"black": np.maximum(black, 0).tolist(), "white": np.minimum(white, 1).tolist()}


def apply(encoded: np.ndarray, parameters: Parameters, strength: float = 1.0) -> np.ndarray:
    """Map 0 to black and 1 to white. Parameters: black and white, encoded, per channel."""
    black = np.multiply(parameters["black"], strength)
    white = 1 - strength * (1 - np.asarray(parameters["white"]))
    return black + (white - black) * encoded


def limit(parameters: Parameters) -> float:
    """A quarter of the range stays."""
    loss = np.subtract(parameters["black"], parameters["white"]).max() + 1
    return float((1 - MIN_RANGE) / max(loss, 1e-6))


FADE = Family(
    draw,
    apply,
    limit,
    "lifted blacks and dulled whites: haze, flare, old prints",
    how="black lifted and white dulled, per channel",
    drawn="black, white",
)
