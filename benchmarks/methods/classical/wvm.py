"""WVM: reflectance and illumination together, by a weighted variational model in the log domain.

Minimises |r + l - s|^2 + c1 |e^r grad r|_1 + c2 |e^l grad l|^2 over r <= 0 and l >= s, with s the
log of V in 8-bit units, by the paper's alternating scheme: an auxiliary field for the L1 norm, then
r, then l. The weights e^r and e^l are those of the round before. They vary from pixel to pixel, so
the two linear systems are solved as they stand; a Fourier division would need constant weights.
The scheme settles slowly, so it starts on a reduced image and only ends at full size.

References
----------
Fu, Zeng, Huang, Zhang & Ding, A weighted variational model for simultaneous reflectance and
illumination estimation, CVPR 2016. V is then rebuilt with the illumination's power 1 / 2.2.
"""

from __future__ import annotations

import cv2
import numpy as np

from .image import checked
from .smooth import solve
from .value import value_of, with_value

REFLECTANCE, ILLUMINATION, FIELD = 0.01, 0.1, 1.0  # c1, c2 and the weight of the auxiliary field
GAMMA = 2.2
FIRST_SIGMA = 5.0  # pixels, of the first guess at the illumination
COARSEST = 96  # pixels of the long side on which the rounds begin
FIRST_ROUNDS, FINER_ROUNDS = 20, 2
LARGEST = 8_000_000  # pixels; beyond, the illumination is enlarged only, to stay below 2 GB


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
    r, light = _log_maps(value, pitch=1)
    return np.exp(r), np.exp(light) / np.float32(255)


def _log_maps(value: np.ndarray, *, pitch: int) -> tuple[np.ndarray, np.ndarray]:
    """Return r and l after rounds at this size, begun from those of half the size.

    pitch : distance between neighbours in full-size pixels; differences are divided by it
    """
    height, width = value.shape
    s = np.log(np.maximum(value * np.float32(255), 1))
    if max(height, width) <= COARSEST:
        rounds, light = FIRST_ROUNDS, cv2.GaussianBlur(s, (0, 0), FIRST_SIGMA)
    else:
        half = (max(1, width // 2), max(1, height // 2))
        small = cv2.resize(value, half, interpolation=cv2.INTER_AREA).reshape(half[::-1])
        _, coarse = _log_maps(small, pitch=2 * pitch)
        rounds = FINER_ROUNDS if s.size <= LARGEST else 0
        light = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    light = np.maximum(light.reshape(s.shape), s)
    r = s - light
    lag = [np.zeros_like(d) for d in _slopes(r, pitch)]
    for _ in range(rounds):
        r, lag = _reflectance_step(r, s - light, lag, pitch)
        light = _illumination_step(light, s - r, s, pitch)
    return r, light


def _reflectance_step(
    r: np.ndarray, target: np.ndarray, lag: list[np.ndarray], pitch: int
) -> tuple[np.ndarray, list[np.ndarray]]:
    """One split Bregman step: shrink the weighted gradient field, then solve for r <= 0."""
    weight = np.exp(r)
    weights = weight[:, :-1], weight[:-1]
    slopes = [w * d for w, d in zip(weights, _slopes(r, pitch), strict=True)]
    fields = [_shrunk(s + b, REFLECTANCE / (2 * FIELD)) for s, b in zip(slopes, lag, strict=True)]
    right = target.copy()
    gx, gy = (FIELD / pitch * w * (f - b) for w, f, b in zip(weights, fields, lag, strict=True))
    right[:, :-1] -= gx
    right[:, 1:] += gx
    right[:-1] -= gy
    right[1:] += gy
    edges = FIELD * (weights[0] / pitch) ** 2, FIELD * (weights[1] / pitch) ** 2
    r = np.minimum(solve(np.ones_like(r), edges, right, start=r), 0)
    lag = [
        b + w * d - f for b, w, d, f in zip(lag, weights, _slopes(r, pitch), fields, strict=True)
    ]
    return r, lag


def _illumination_step(
    light: np.ndarray, target: np.ndarray, s: np.ndarray, pitch: int
) -> np.ndarray:
    weight = ILLUMINATION / pitch**2 * np.exp(2 * light)
    edges = weight[:, :-1], weight[:-1]
    return np.maximum(solve(np.ones_like(s), edges, target, start=light), s)


def _slopes(plane: np.ndarray, pitch: int) -> tuple[np.ndarray, np.ndarray]:
    return np.diff(plane, axis=1) / pitch, np.diff(plane, axis=0) / pitch


def _shrunk(values: np.ndarray, threshold: float) -> np.ndarray:
    return np.sign(values) * np.maximum(np.abs(values) - threshold, 0)
