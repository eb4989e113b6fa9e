"""Layers of the colourist: CDL, contrast about a pivot, channel mix.

References
----------
ASC Color Decision List 1.2 (American Society of Cinematographers, 2009): slope, offset, power, then
saturation by BT.709's weights. Without its clamps, as a layer keeps what lies beyond 0 and 1:
below 0 the power leaves values alone.
"""

from __future__ import annotations

import numpy as np

from ..colour.colorimetry import REC709_LUMINANCE
from ..tool import exact
from .kind import Kind, Values, always
from .parameter import Parameter

_RGB = ("red", "green", "blue")


def cdl(encoded: np.ndarray, values: Values, strength: float) -> np.ndarray:
    """Slope, offset, power per channel, then saturation about luma, on encoded values."""
    slope = exact.raised(values["slope"], strength)
    power = exact.raised(values["power"], strength)
    graded = encoded * slope + strength * np.asarray(values["offset"])
    graded = np.where(graded < 0, graded, exact.raised(np.maximum(graded, 0), power))
    luma = exact.mix(graded, REC709_LUMINANCE[None])
    return luma + (1 + strength * (values["saturation"] - 1)) * (graded - luma)


CDL = Kind(
    {
        "slope": Parameter((1.0,) * 3, 0.05, 4.0, 0.01, "vector", _RGB, help="times"),
        "offset": Parameter((0.0,) * 3, -0.5, 0.5, 0.005, "vector", _RGB, help="plus"),
        "power": Parameter((1.0,) * 3, 0.2, 4.0, 0.01, "vector", _RGB, help="to the power of"),
        "saturation": Parameter(1.0, 0.0, 3.0, 0.01, help="1 as it is, 0 grey"),
    },
    cdl,
    "slope, offset, power and saturation, as colourists exchange them",
    separable=lambda values: values["saturation"] == 1,
)


def contrast(encoded: np.ndarray, values: Values, strength: float) -> np.ndarray:
    """Raise encoded values over the pivot to a power: the pivot stays, darks and lights part."""
    pivot = values["pivot"]
    power = exact.raised(values["contrast"], strength)
    return np.copysign(pivot * exact.raised(np.abs(encoded) / pivot, power), encoded)


CONTRAST = Kind(
    {
        "contrast": Parameter(1.0, 0.25, 4.0, 0.01, help="1 as it is"),
        "pivot": Parameter(0.4614, 0.05, 0.95, 0.01, help="encoded value that stays: mid grey"),
    },
    contrast,
    "contrast about a pivot",
    separable=always,
)


def mix(encoded: np.ndarray, values: Values, strength: float) -> np.ndarray:
    """Each encoded output channel as a weighted sum of the input's."""
    matrix = np.array([values[name] for name in _RGB])
    return exact.mix(encoded, np.eye(3) + strength * (matrix - np.eye(3)))


CHANNEL_MIX = Kind(
    {
        name: Parameter(
            tuple(np.eye(3)[row].tolist()), -2.0, 2.0, 0.01, "vector", _RGB, help=f"{name} out of"
        )
        for row, name in enumerate(_RGB)
    },
    mix,
    "each channel as a mixture of all three",
)
