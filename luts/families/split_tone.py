"""Split tone: one tint for the shadows, another for the highlights; black, white and L stay."""

from __future__ import annotations

import numpy as np

from ..colour.oklab import encoded_to_oklab, oklab_to_encoded
from ..tool import exact
from .family import Family, Parameters

_PEAK = 27 / 256  # of L (1 - L)^3, at L = 1/4
MAX_OFFSET = 0.2  # OKLab units; the most vivid sRGB colours lie at 0.32


def draw(rng: np.random.Generator) -> Parameters:
    """Two tints of any hue, 0.02 to 0.07 OKLab units from grey."""
    hues, radii = rng.uniform(0, 2 * np.pi, 2), rng.uniform(0.02, 0.07, 2)
    shadow, highlight = np.stack(
        [radii * exact.cos(hues), radii * exact.sin(hues)], axis=1
    ).tolist()
    return {"shadow": shadow, "highlight": highlight}


def apply(encoded: np.ndarray, parameters: Parameters, strength: float = 1.0) -> np.ndarray:
    """Shift a and b by an amount that depends on L alone: a shear, which cannot fold.

    Parameters: shadow and highlight, OKLab (a, b) offsets at L = 1/4 and L = 3/4.
    """
    oklab = encoded_to_oklab(encoded)
    lightness = np.clip(oklab[..., :1], 0, 1)
    dark = 1 - lightness
    shadow = lightness * (dark * dark * dark) / _PEAK
    highlight = lightness * lightness * lightness * dark / _PEAK
    offset = shadow * parameters["shadow"] + highlight * parameters["highlight"]
    oklab[..., 1:] += strength * offset
    return oklab_to_encoded(oklab)


def limit(parameters: Parameters) -> float:
    """The largest strength whose offsets stay within MAX_OFFSET."""
    offsets = exact.hypot(*np.transpose([parameters["shadow"], parameters["highlight"]]))
    return float(MAX_OFFSET / max(offsets.max(), 1e-6))


SPLIT_TONE = Family(
    draw,
    apply,
    limit,
    "one tint in the shadows, another in the highlights",
    how="tints of shadows and highlights in OKLab, as a shear",
    drawn="two (a, b) offsets",
)
