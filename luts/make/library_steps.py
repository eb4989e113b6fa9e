"""What a library recipe is made of: every family's `apply`, and causes that are never drawn.

Each step is a function of encoded colours (..., 3), any finite value, and its parameters; nothing
is clipped until the recipe's end, but where the cause itself clips.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..colour.colorimetry import REC709_LUMINANCE
from ..colour.transfer import decode_srgb, encode_srgb
from ..families import FAMILIES
from ..families.family import Parameters
from ..families.illuminant import chromaticity_matrix

_BLACK = 10**-2.4


def filter_light(encoded: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Multiply linear light by `gain` and add `veil`, both per channel and linear."""
    return encode_srgb(decode_srgb(encoded) * parameters["gain"] + parameters["veil"])


def mix_channels(encoded: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Multiply linear colours by `matrix`, rows first."""
    return encode_srgb(decode_srgb(encoded) @ np.asarray(parameters["matrix"]).T)


def balance(encoded: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Set the camera's white to the light at (`mired`, `duv`) beside the Planckian locus."""
    matrix = np.linalg.inv(chromaticity_matrix(parameters["mired"], parameters["duv"]))
    return encode_srgb(decode_srgb(encoded) @ matrix.T)


def power(encoded: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Raise encoded values to `exponent`."""
    return np.copysign(np.abs(encoded) ** parameters["exponent"], encoded)


def levels(encoded: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Stretch encoded `black` to 0 and `white` to 1 and lose what lies beyond."""
    black, white = np.asarray(parameters["black"]), np.asarray(parameters["white"])
    return np.clip((encoded - black) / (white - black), 0, 1)


def curves(encoded: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Bend each channel by logistic curves of slope `contrast` about the encoded `pivot`.

    Rescaled so that 0 stays 0 and 1 stays 1; contrast and pivot per channel.
    """
    contrast, pivot = np.asarray(parameters["contrast"]), np.asarray(parameters["pivot"])

    def sigmoid(x: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-contrast * (x - pivot)))

    low, high = sigmoid(np.zeros(3)), sigmoid(np.ones(3))
    return (sigmoid(encoded) - low) / (high - low)


def desaturate(encoded: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Move linear colours towards their luminance by `amount`, 1 = grey."""
    linear = decode_srgb(encoded)
    grey = (linear @ REC709_LUMINANCE)[..., None]
    return encode_srgb(linear + parameters["amount"] * (grey - linear))


def keep_silver(encoded: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Lay a silver image of `density` times the picture's own density over the dyes."""
    linear = decode_srgb(encoded)
    silver = np.maximum(linear @ REC709_LUMINANCE, 0)[..., None] ** parameters["density"]
    return encode_srgb(linear * silver)


def fade_dyes(encoded: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Let dyes lose density and the base gain some.

    By Beer's law what is left of a dye is a power of its transmittance. `keep` is the share left
    of the cyan, magenta and yellow dye (which hold back red, green and blue light); `stain` is the
    density added everywhere to red, green and blue. Black has density 2.4 to begin with, as a
    print or slide has, so that it fades too.
    """
    transmittance = (np.maximum(decode_srgb(encoded), 0) + _BLACK) / (1 + _BLACK)
    left = transmittance ** np.asarray(parameters["keep"])
    return encode_srgb(left * 10.0 ** -np.asarray(parameters["stain"]))


def log_encode(encoded: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Store linear light as 10-bit printing density, and show the codes as they are.

    `black` and `white` are the codes of linear 0 and 1, `density` the density of one code and
    `gamma` that of the negative.
    """
    per_decade = parameters["gamma"] / parameters["density"]
    white = parameters["white"]
    floor = 10 ** ((parameters["black"] - white) / per_decade)
    linear = np.maximum(decode_srgb(encoded), 0) * (1 - floor) + floor
    return (white + per_decade * np.log10(linear)) / 1023


STEPS: dict[str, Callable[..., np.ndarray]] = {
    **{name: family.apply for name, family in FAMILIES.items()},
    "filter-light": filter_light,
    "mix-channels": mix_channels,
    "balance": balance,
    "power": power,
    "levels": levels,
    "curves": curves,
    "desaturate": desaturate,
    "keep-silver": keep_silver,
    "fade-dyes": fade_dyes,
    "log-encode": log_encode,
}
