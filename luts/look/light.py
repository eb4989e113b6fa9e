"""Layers that change the light: exposure, colour temperature, tint, lamps: in linear light."""

from __future__ import annotations

import numpy as np

from ..families import exposure as exposure_family
from ..families import illuminant
from ..families.lamps import lamp_names
from .kind import Kind, Values, always
from .parameter import Parameter


def expose(encoded: np.ndarray, values: Values, strength: float) -> np.ndarray:
    """Multiply linear light by 2**(ev * strength)."""
    return exposure_family.apply(encoded, values, strength)


EXPOSURE = Kind(
    {"ev": Parameter(0.0, -6.0, 6.0, 0.05, help="stops of light")},
    expose,
    "more or less light, in stops",
    limit=exposure_family.limit,
    separable=always,
)


def light(values: Values) -> Values:
    """The parameters of the illuminant family for a shift in mired and a tint from D65."""
    return {
        "mired": illuminant.D65_MIRED + values["shift"],
        "duv": illuminant.D65_DUV + values["tint"],
    }


def relight(encoded: np.ndarray, values: Values, strength: float) -> np.ndarray:
    """Move the light's white along the Planckian locus by `shift` mired, off it by `tint` duv."""
    return illuminant.apply(encoded, light(values), strength)


TEMPERATURE = Kind(
    {
        "shift": Parameter(0.0, -110.0, 440.0, 1.0, help="mired from daylight: + warm, - cold"),
        "tint": Parameter(0.0, -0.05, 0.05, 0.001, help="Duv: + green, - magenta"),
    },
    relight,
    "light of another colour temperature and tint",
    limit=lambda values: illuminant.limit(light(values)),
)

LAMP = Kind(
    {
        "lamp": Parameter("tungsten", form="choice", choices=tuple(lamp_names()), help="its light"),
        "mix": Parameter(1.0, 0.01, 1.0, 0.01, help="share of the lamp in the light"),
        "adaptation": Parameter(0.0, 0.0, 1.0, 0.01, help="how far white balance undoes the cast"),
    },
    illuminant.apply,
    "light of a lamp, by its spectrum",
    limit=illuminant.limit,
)
