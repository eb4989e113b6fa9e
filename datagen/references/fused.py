"""`fusion`: all of the scene's light in one picture. See `datagen.references.fusion`."""

from __future__ import annotations

from ..images.codes import quantise
from .fusion import fusion
from .material import Made, Material


def fused(material: Material) -> Made:
    """Fuse the best light there is; the recipe's tone curve has no part in it."""
    light = material.linear if material.light is None else material.light
    shown = fusion(light, white=material.white)
    return Made(quantise(shown, material.bits), {"light": material.light_kind})
