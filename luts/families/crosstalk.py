"""Crosstalk: channels that leak into each other, in linear light; greys keep their colour.

This is a camera's colour matrix gone wrong, filters that overlap, or film layers that see each
other's light.
"""

from __future__ import annotations

import numpy as np

from ..colour.transfer import decode_srgb, encode_srgb
from ..tool import exact
from .family import Family, Parameters

MAX_LEAK = 0.49  # below a half every row is diagonally dominant, so the matrix has an inverse
MAX_BOOST = 1.5


def draw(rng: np.random.Generator) -> Parameters:
    """Six leaks of -0.15 to 0.2: more often duller than more vivid."""
    return {"leak": rng.uniform(-0.15, 0.2, 6).tolist()}


def matrix(leak: list[float], strength: float = 1.0) -> np.ndarray:
    """Build the 3x3 from its off-diagonal entries, row by row; every row sums to 1."""
    result = np.zeros((3, 3))
    result[~np.eye(3, dtype=bool)] = np.multiply(leak, strength)
    return result + np.diag(1 - result.sum(1))


def apply(encoded: np.ndarray, parameters: Parameters, strength: float = 1.0) -> np.ndarray:
    """Mix linear channels. Parameters: leak, the six off-diagonal entries row by row."""
    mixed = exact.mix(decode_srgb(encoded), matrix(parameters["leak"], strength))
    return encode_srgb(mixed)


def limit(parameters: Parameters) -> float:
    """Leaks into one channel add up to less than a half; boosts to at most 1.5."""
    rows = np.reshape(parameters["leak"], (3, 2))
    leak = np.maximum(rows, 0).sum(1).max()
    boost = np.maximum(-rows, 0).sum(1).max()
    return float(min(MAX_LEAK / max(leak, 1e-6), MAX_BOOST / max(boost, 1e-6)))


CROSSTALK = Family(
    draw,
    apply,
    limit,
    "channels leaking into each other, greys kept",
    how="3x3 with unit row sums: greys stay",
    drawn="six leaks",
)
