"""WVM: reflectance and illumination together, by a weighted variational model in the log domain.

Minimises |r + l - s|^2 + c1 |e^r grad r|_1 + c2 |e^l grad l|^2 over r <= 0 and l >= s, with s the
log of V in 8-bit units, by the paper's alternating scheme: an auxiliary field for the L1 norm, then
r, then l. The weights e^r and e^l are those of the round before. They vary from pixel to pixel, so
the two linear systems are solved as they stand; a Fourier division would need constant weights.

References
----------
Fu, Zeng, Huang, Zhang & Ding, A weighted variational model for simultaneous reflectance and
illumination estimation, CVPR 2016. V is then rebuilt with the illumination's power 1 / 2.2.
"""

from __future__ import annotations

import numpy as np

from .image import checked
from .smooth import solve
from .value import value_of, with_value

REFLECTANCE, ILLUMINATION, FIELD = 0.01, 0.1, 1.0  # c1, c2 and the weight of the auxiliary field
GAMMA = 2.2
MAX_ROUNDS = 20
SETTLED = 1e-2  # relative change of both maps at which the rounds end


def wvm(encoded: np.ndarray) -> np.ndarray:
    """Compress the illumination of V by a power and keep its reflectance."""
    value = value_of(checked(encoded))
    reflectance, light = decompose(value)
    below_a_code = np.minimum(value * np.float32(255), 1)  # where the logarithm was cut off
    return with_value(encoded, reflectance * light ** np.float32(1 / GAMMA) * below_a_code)


def decompose(value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split V into reflectance and illumination.

    Parameters
    ----------
    value : (H, W) float32 in [0, 1]

    Returns
    -------
    reflectance, illumination : (H, W) float32 in [0, 1]; their product is near `value`
    """
    s = np.log(np.maximum(value * np.float32(255), 1))
    r, light = np.zeros_like(s), s.copy()
    lag = [
        np.zeros((s.shape[0], s.shape[1] - 1), np.float32),
        np.zeros((s.shape[0] - 1, s.shape[1]), np.float32),
    ]
    for _ in range(MAX_ROUNDS):
        before = np.exp(r), np.exp(light)
        r, lag = _reflectance_step(r, s - light, lag)
        light = _illumination_step(light, s - r, s)
        after = np.exp(r), np.exp(light)
        change = max(
            np.linalg.norm(a - b) / max(np.linalg.norm(b), 1e-9)
            for a, b in zip(after, before, strict=True)
        )
        if change < SETTLED:
            break
    return np.exp(r), np.exp(light) / np.float32(255)


def _reflectance_step(
    r: np.ndarray, target: np.ndarray, lag: list[np.ndarray]
) -> tuple[np.ndarray, list[np.ndarray]]:
    """One split Bregman step: shrink the weighted gradient field, then solve for r <= 0."""
    weight = np.exp(r)
    weights = weight[:, :-1], weight[:-1]
    slopes = [w * d for w, d in zip(weights, _slopes(r), strict=True)]
    fields = [_shrunk(s + b, REFLECTANCE / (2 * FIELD)) for s, b in zip(slopes, lag, strict=True)]
    right = target.copy()
    gx, gy = (FIELD * w * (f - b) for w, f, b in zip(weights, fields, lag, strict=True))
    right[:, :-1] -= gx
    right[:, 1:] += gx
    right[:-1] -= gy
    right[1:] += gy
    edges = FIELD * weights[0] ** 2, FIELD * weights[1] ** 2
    r = np.minimum(solve(np.ones_like(r), edges, right), 0)
    lag = [b + w * d - f for b, w, d, f in zip(lag, weights, _slopes(r), fields, strict=True)]
    return r, lag


def _illumination_step(light: np.ndarray, target: np.ndarray, s: np.ndarray) -> np.ndarray:
    weight = ILLUMINATION * np.exp(2 * light)
    return np.maximum(solve(np.ones_like(s), (weight[:, :-1], weight[:-1]), target), s)


def _slopes(plane: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.diff(plane, axis=1), np.diff(plane, axis=0)


def _shrunk(values: np.ndarray, threshold: float) -> np.ndarray:
    return np.sign(values) * np.maximum(np.abs(values) - threshold, 0)
