"""Layers that go by hue or chroma, in OKLCh: what hue, saturation and lightness become of each.

Effects by hue fade to nothing near grey, where a hue has no meaning: by a smoothstep of chroma, as
in the family `oklch`.
"""

from __future__ import annotations

import numpy as np

from ..colour.oklab import encoded_to_oklab, oklab_to_encoded
from ..families.oklch import NEAR_GREY
from ..tool import exact
from .interpolate import around, through
from .kind import MAX_AMOUNT, Kind, Values
from .parameter import Parameter

MIN_FACTOR = 1e-3  # of chroma: a factor of 0 would have no logarithm
MAX_CHROMA = 0.4  # OKLab units; the most vivid sRGB colours lie at 0.32
# OKLab hues of sRGB's red, yellow, green, cyan, blue and magenta, rounded.
_HUES = (29.0, 110.0, 142.0, 195.0, 264.0, 328.0)
_MAX_TURN = 0.95  # degrees of shift per degree of hue: at 1 two hues meet


def _hue_points(default: float, low: float, high: float, help: str) -> Parameter:
    return Parameter(
        tuple((hue, default) for hue in _HUES),
        low,
        high,
        form="points",
        across=(0.0, 360.0),
        round_about=True,
        help=help,
    )


def _polar(encoded: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """L, chroma and hue in degrees."""
    oklab = encoded_to_oklab(encoded)
    a, b = oklab[..., 1], oklab[..., 2]
    return oklab[..., 0], exact.hypot(a, b), np.degrees(exact.arctan2(b, a))


def _encode(lightness: np.ndarray, chroma: np.ndarray, hue: np.ndarray) -> np.ndarray:
    angle = np.radians(hue)
    return oklab_to_encoded(
        np.stack([lightness, chroma * exact.cos(angle), chroma * exact.sin(angle)], axis=-1)
    )


def _away_from_grey(chroma: np.ndarray) -> np.ndarray:
    t = np.clip(chroma / NEAR_GREY, 0, 1)
    return t * t * (3 - 2 * t)


def turn_hues(encoded: np.ndarray, values: Values, strength: float) -> np.ndarray:
    """Add degrees to each hue."""
    lightness, chroma, hue = _polar(encoded)
    shift = around(values["shift"])(hue)
    return _encode(lightness, chroma, hue + strength * _away_from_grey(chroma) * shift)


def turn_limit(values: Values) -> float:
    """As far as hues keep their order."""
    shift = around(values["shift"])(np.arange(361.0))
    steepest = -np.diff(shift).min()
    return float(min(MAX_AMOUNT, _MAX_TURN / max(steepest, 1e-6)))


def scale_by_hue(encoded: np.ndarray, values: Values, strength: float) -> np.ndarray:
    """Multiply chroma by a factor for each hue."""
    lightness, chroma, hue = _polar(encoded)
    factor = np.maximum(around(values["factor"])(hue), MIN_FACTOR)
    return _encode(
        lightness, chroma * exact.raised(factor, strength * _away_from_grey(chroma)), hue
    )


def lighten_by_hue(encoded: np.ndarray, values: Values, strength: float) -> np.ndarray:
    """Add to OKLab lightness for each hue."""
    lightness, chroma, hue = _polar(encoded)
    lift = around(values["lift"])(hue)
    return _encode(lightness + strength * _away_from_grey(chroma) * lift, chroma, hue)


def scale_by_chroma(encoded: np.ndarray, values: Values, strength: float) -> np.ndarray:
    """Multiply chroma by a factor for each chroma."""
    lightness, chroma, hue = _polar(encoded)
    factor = through(values["factor"])(np.clip(chroma, 0, MAX_CHROMA))
    return _encode(lightness, chroma * exact.raised(np.maximum(factor, MIN_FACTOR), strength), hue)


HUE_VS_HUE = Kind(
    {"shift": _hue_points(0.0, -90.0, 90.0, "degrees added, by hue")},
    turn_hues,
    "each hue turned by its own angle",
    limit=turn_limit,
)
HUE_VS_SATURATION = Kind(
    {"factor": _hue_points(1.0, 0.0, 2.0, "times chroma, by hue")},
    scale_by_hue,
    "more or less chroma, by hue",
)
HUE_VS_LIGHTNESS = Kind(
    {"lift": _hue_points(0.0, -0.3, 0.3, "added to lightness, by hue")},
    lighten_by_hue,
    "lighter or darker, by hue",
)
SATURATION_VS_SATURATION = Kind(
    {
        "factor": Parameter(
            ((0.0, 1.0), (0.1, 1.0), (0.2, 1.0), (0.4, 1.0)),
            0.0,
            2.0,
            form="points",
            across=(0.0, MAX_CHROMA),
            help="times chroma, by chroma",
        )
    },
    scale_by_chroma,
    "more or less chroma, by how vivid a colour is",
)
