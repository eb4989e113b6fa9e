"""`auto`: the picture at the exposure of a percentile rule. See `datagen.develop.auto_exposure`."""

from __future__ import annotations

from ..develop import series
from ..develop.auto_exposure import auto_exposure
from .material import Made, Material


def automatic(material: Material) -> Made:
    """Render the light as developed at the exposure the rule asks for."""
    ev = auto_exposure(material.linear)
    codes = series.render(material.linear, ev, material.bits, tone=material.tone)
    return Made(codes, {"ev": ev})
