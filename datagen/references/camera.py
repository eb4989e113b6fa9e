"""`camera`: the camera's own picture, from the JPEG beside a raw or the preview inside it."""

from __future__ import annotations

from ..images.codes import quantise
from .material import Made, Material


def camera(material: Material) -> Made | None:
    """Give the camera's picture; None where there is none."""
    encoded = material.camera()
    return None if encoded is None else Made(quantise(encoded, material.bits))
