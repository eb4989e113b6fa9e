"""Layers of film and print: split tone, fade, crosstalk, and a film's dyes and curve."""

from __future__ import annotations

import numpy as np

from ..colour.transfer import decode_srgb, encode_srgb
from ..families import crosstalk, fade, split_tone
from ..tool import exact
from .kind import MAX_AMOUNT, Kind, Values, always
from .parameter import Parameter

_RGB = ("red", "green", "blue")
_LEAKS = ("green to red", "blue to red", "red to green", "blue to green", "red to blue")
DENSEST = 2.4  # density of black, as a print or slide has
_LN10 = float(exact.log(10.0))
_BLACK = float(exact.exp(-DENSEST * _LN10))
_MID = -float(exact.log(0.18)) / _LN10  # density of mid grey
_KNEE = 0.3  # densities over which highlights roll off
MAX_SHOULDER = 0.95


def tints(values: Values) -> Values:
    """Hues and amounts as the OKLab offsets of the family `split-tone`."""
    return {
        name: [
            values[name] * exact.cos(np.radians(values[f"{name}_hue"])),
            values[name] * exact.sin(np.radians(values[f"{name}_hue"])),
        ]
        for name in ("shadow", "highlight")
    }


SPLIT_TONE = Kind(
    {
        "shadow_hue": Parameter(250.0, 0.0, 360.0, 1.0, help="OKLab degrees: 250 blue"),
        "shadow": Parameter(0.0, 0.0, 0.2, 0.002, help="how much, at a quarter of lightness"),
        "highlight_hue": Parameter(70.0, 0.0, 360.0, 1.0, help="OKLab degrees: 70 orange"),
        "highlight": Parameter(0.0, 0.0, 0.2, 0.002, help="how much, at three quarters"),
    },
    lambda encoded, values, strength: split_tone.apply(encoded, tints(values), strength),
    "one tint in the shadows, another in the highlights",
    limit=lambda values: split_tone.limit(tints(values)),
)

FADE = Kind(
    {
        "black": Parameter((0.0,) * 3, 0.0, 0.5, 0.005, "vector", _RGB, help="what 0 becomes"),
        "white": Parameter((1.0,) * 3, 0.5, 1.0, 0.005, "vector", _RGB, help="what 1 becomes"),
    },
    fade.apply,
    "lifted blacks and dulled whites",
    limit=fade.limit,
    separable=always,
)

CROSSTALK = Kind(
    {
        "leak": Parameter(
            (0.0,) * 6, -0.5, 0.5, 0.01, "vector", (*_LEAKS, "green to blue"), help="of light"
        )
    },
    crosstalk.apply,
    "channels leaking into each other in linear light, greys kept",
    limit=crosstalk.limit,
)


def develop(encoded: np.ndarray, values: Values, strength: float) -> np.ndarray:
    """Lay down a film's densities: dyes, contrast and crossover about mid grey, toe, shoulder.

    Density is -log10 of linear light over a black of density 2.4. `dye` moves each density away
    from (or to) the mean of the three, which saturates by getting darker; `contrast` times
    1 + `crossover` in red and 1 - `crossover` in blue steepens about mid grey; `toe` compresses
    deep densities by D / (1 + a D), `shoulder` rolls off thin ones by an exponential. Each rises.
    """
    light = (np.maximum(decode_srgb(encoded), 0) + _BLACK) / (1 + _BLACK)
    density = exact.log(light) * (-1 / _LN10)
    mean = density.mean(axis=-1, keepdims=True)
    density = density + strength * values["dye"] * (density - mean)
    gamma = exact.raised(values["contrast"], strength) * (
        1 + strength * values["crossover"] * np.array([1.0, 0.0, -1.0])
    )
    density = np.maximum(_MID + gamma * (density - _MID), -1)
    density = density / (1 + min(strength * values["toe"], 1) / DENSEST * density)
    shoulder = min(strength * values["shoulder"], MAX_SHOULDER)
    density = density + shoulder * _KNEE * exact.exp(-np.maximum(density, 0) / _KNEE)
    return encode_srgb(exact.exp(-_LN10 * density) * (1 + _BLACK) - _BLACK)


def film_limit(values: Values) -> float:
    """Until the crossover takes the contrast of a channel away."""
    return float(min(MAX_AMOUNT, 0.9 / max(abs(values["crossover"]), 1e-6)))


FILM = Kind(
    {
        "contrast": Parameter(1.0, 0.5, 2.0, 0.01, help="gamma about mid grey"),
        "dye": Parameter(0.0, -0.6, 0.6, 0.01, help="+ denser colours, - duller"),
        "crossover": Parameter(0.0, -0.4, 0.4, 0.005, help="+ cold shadows and warm lights"),
        "toe": Parameter(0.0, 0.0, 1.0, 0.01, help="lifts the blacks"),
        "shoulder": Parameter(0.0, 0.0, MAX_SHOULDER, 0.01, help="rolls off the whites"),
    },
    develop,
    "a film's dyes and characteristic curve, by density",
    limit=film_limit,
)
