"""What a library recipe is made of: every family's `apply`, and a few causes that are not drawn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..colorimetry import REC709_LUMINANCE
from ..families import FAMILIES
from ..families.family import Parameters
from ..transfer import decode_srgb, encode_srgb


def filter_light(encoded: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Multiply linear light by `gain` and add `veil`, both per channel, linear."""
    return encode_srgb(decode_srgb(encoded) * parameters["gain"] + parameters.get("veil", 0))


def mix_channels(encoded: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Multiply linear colours by `matrix`, rows first."""
    return encode_srgb(decode_srgb(encoded) @ np.asarray(parameters["matrix"]).T)


def power(encoded: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Raise encoded values to `exponent`, one number or one per channel."""
    return np.sign(encoded) * np.abs(encoded) ** np.asarray(parameters["exponent"])


def levels(encoded: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Map encoded `black` to 0 and `white` to 1, what lies beyond is lost."""
    black, white = np.asarray(parameters["black"]), np.asarray(parameters["white"])
    return np.clip((encoded - black) / (white - black), 0, 1)


def desaturate(encoded: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Move linear colours towards their luminance by `amount`, 1 = grey."""
    linear = decode_srgb(encoded)
    grey = (linear @ REC709_LUMINANCE)[..., None]
    return encode_srgb(linear + parameters["amount"] * (grey - linear))


def overlay_silver(encoded: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Multiply linear colours by their luminance to a `density` power: silver left in the dye."""
    linear = decode_srgb(encoded)
    silver = np.maximum(linear @ REC709_LUMINANCE, 0)[..., None] ** parameters["density"]
    return encode_srgb(linear * silver)


def log_encode(encoded: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Encode linear light by Cineon's log curve, black and white code as given.

    Parameters: white and black, 10-bit codes of linear 1 and 0; density, per code;
    gamma of the negative. Kodak, "Conversion of 10-bit log film data to 8-bit linear", 1995.
    """
    white, black = parameters["white"], parameters["black"]
    steps_per_decade = parameters["gamma"] / parameters["density"]
    offset = 10 ** ((black - white) / steps_per_decade)
    linear = np.maximum(decode_srgb(encoded), 0) * (1 - offset) + offset
    return (white + steps_per_decade * np.log10(linear)) / 1023


STEPS: dict[str, Callable[[np.ndarray, Parameters], np.ndarray]] = {
    **{name: family.apply for name, family in FAMILIES.items()},
    "filter-light": filter_light,
    "mix-channels": mix_channels,
    "power": power,
    "levels": levels,
    "desaturate": desaturate,
    "overlay-silver": overlay_silver,
    "log-encode": log_encode,
}
