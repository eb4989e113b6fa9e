"""OKLCh: hues that turn and chroma that grows or shrinks by hue; lightness and greys stay."""

from __future__ import annotations

import numpy as np

from ..colour.oklab import encoded_to_oklab, oklab_to_encoded
from ..tool import exact
from .family import Family, Parameters

NEAR_GREY = 0.06  # OKLab chroma below which the effect fades out
MAX_TURN = 0.8  # radians of shift per radian of hue: at 1 two hues would meet
MAX_CHROMA = 1.2  # log of the chroma factor: a third to three times


def draw(rng: np.random.Generator) -> Parameters:
    """Two hue waves of up to 14 degrees, and a chroma factor of about 0.6 to 1.6."""
    waves = [
        [order, float(rng.uniform(0.03, 0.25 / order)), float(rng.uniform(0, 2 * np.pi))]
        for order in (1, 2)
    ]
    chroma = [float(rng.normal(0, 0.25)), float(rng.uniform(0, 0.3)), float(rng.uniform(0, 6.2832))]
    return {"waves": waves, "chroma": chroma}


def apply(encoded: np.ndarray, parameters: Parameters, strength: float = 1.0) -> np.ndarray:
    """Turn hues and scale chroma.

    Parameters: waves, a list of (order, amplitude in radians, phase): the hue shift is the sum of
    amplitude * sin(order * hue + phase); chroma (c0, c1, phase): the chroma factor is
    exp(c0 + c1 * sin(hue + phase)). Both fade to nothing as chroma falls from 0.06 to 0.
    """
    oklab = encoded_to_oklab(encoded)
    a, b = oklab[..., 1], oklab[..., 2]
    chroma, hue = exact.hypot(a, b), exact.arctan2(b, a)
    fade = np.clip(chroma / NEAR_GREY, 0, 1)
    fade = strength * fade * fade * (3 - 2 * fade)
    turn = sum(size * exact.sin(order * hue + phase) for order, size, phase in parameters["waves"])
    c0, c1, phase = parameters["chroma"]
    radius = chroma * exact.exp(fade * (c0 + c1 * exact.sin(hue + phase)))
    hue = hue + fade * turn
    oklab[..., 1], oklab[..., 2] = radius * exact.cos(hue), radius * exact.sin(hue)
    return oklab_to_encoded(oklab)


def limit(parameters: Parameters) -> float:
    """Hues keep their order, and chroma changes by less than a factor of 3.3."""
    turn = sum(order * abs(size) for order, size, _ in parameters["waves"])
    c0, c1, _ = parameters["chroma"]
    return float(min(MAX_TURN / max(turn, 1e-6), MAX_CHROMA / max(abs(c0) + abs(c1), 1e-6)))


OKLCH = Family(
    draw,
    apply,
    limit,
    "hues turned and chroma changed, hue by hue; greys kept",
    how="hue waves and a chroma factor by hue; greys and lightness stay",
    drawn="waves, chroma",
    reaches=4.0,
)
