"""An HQEC-type method: illumination that keeps colours from clipping.

Zhang et al. ask three things of the illumination: even exposure (it is smooth), vivid colour (it
lies between the brightest channel and 1, so dividing by it clips nothing) and clear texture. Here
the first is LIME's weighted smoothness and the second is held exactly. The third, a constraint on
local gradients, and their sampling-based speed-up are left out, so this row is of HQEC's type and
not a reproduction of it.

References
----------
Zhang, Yuan, Xiao, Zhu & Zheng, High-quality exposure correction of underexposed photos, ACM
Multimedia 2018 (arXiv:1907.10992 is its longer version).
"""

from __future__ import annotations

import numpy as np

from .image import checked
from .lime import DARKEST, SMOOTHNESS, quadratic_weights
from .smooth import solve

EXPONENT = 0.6  # of the illumination divided out
PUSH = 20.0  # weight of a violated bound, per round of projection
ROUNDS = 3


def hqec(encoded: np.ndarray) -> np.ndarray:
    """Divide by a power of the bounded, smooth illumination."""
    brightest = checked(encoded).max(axis=2)
    light = np.clip(_bounded_illumination(brightest), DARKEST, 1)
    return np.clip(encoded / light[..., None] ** np.float32(EXPONENT), 0, 1)


def _bounded_illumination(brightest: np.ndarray) -> np.ndarray:
    """Smooth the brightest channel from above: pixels below it are pulled up, then set to it."""
    edges = quadratic_weights(brightest, SMOOTHNESS)
    mass = np.ones_like(brightest)
    for _ in range(ROUNDS):
        light = solve(mass, edges, mass * brightest)
        mass = np.where(light < brightest, mass * np.float32(PUSH), mass)
    return np.maximum(light, brightest)
