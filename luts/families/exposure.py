"""Exposure: all light times one number, in linear light."""

from __future__ import annotations

import numpy as np

from ..colour.transfer import decode_srgb, encode_srgb
from ..tool import exact
from .family import Family, Parameters

MAX_STOPS = 6.0


def draw(rng: np.random.Generator) -> Parameters:
    """Half a stop to two stops, up or down."""
    return {"ev": float(rng.choice([-1, 1]) * rng.uniform(0.5, 2.0))}


def apply(encoded: np.ndarray, parameters: Parameters, strength: float = 1.0) -> np.ndarray:
    """Multiply linear light by 2**ev. Parameters: ev, stops."""
    return encode_srgb(decode_srgb(encoded) * exact.exp2(parameters["ev"] * strength))


def limit(parameters: Parameters) -> float:
    """Six stops either way."""
    return MAX_STOPS / max(abs(parameters["ev"]), 1e-6)


EXPOSURE = Family(
    draw,
    apply,
    limit,
    "too much or too little light, clipped once",
    how="all light times 2^EV",
    drawn="stops",
)
