"""Develop one file, raw or picture, in one call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from luts.colour.transfer import decode_srgb

from ..images.codes import to_float
from ..images.files import read_image
from ..raw.read import read_raw
from .series import develop_series, render

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"})


def develop_file(
    path: Path | str,
    evs: Sequence[float] = (0.0,),
    *,
    long_edge: int | None = 512,
    bits: int = 8,
    tone: str = "none",
    highlights: str = "blend",
    demosaic: str = "ahd",
) -> list[np.ndarray]:
    """Develop a camera raw, or a finished picture, at several exposures.

    Parameters
    ----------
    evs : stops from the exposure as shot
    long_edge : pixels of the longer side; None keeps the file's
    bits : 8 or 16
    tone, highlights, demosaic : as `datagen.develop.series.develop_series`; the last two are for
        raws

    Returns
    -------
    (H, W, 3) uint8 or uint16 sRGB codes, upright, one per EV.

    Raises
    ------
    RawError, ImageError
        The file is missing, damaged or not known.
    """
    path = Path(path)
    if path.suffix.lower() in PICTURES:
        linear = _picture(path, long_edge)
        return [render(linear, ev, bits, tone=tone) for ev in evs]
    photo = read_raw(path)
    series = develop_series(
        photo, evs, long_edge, bits, tone=tone, highlights=highlights, demosaic=demosaic
    )
    return list(series)


def _picture(path: Path, long_edge: int | None) -> np.ndarray:
    """A finished picture as linear light, shrunk to the size asked for."""
    encoded = to_float(read_image(path))
    if encoded.ndim == 2:
        encoded = np.repeat(encoded[..., None], 3, axis=2)
    linear = decode_srgb(encoded)
    scale = (long_edge or 0) / max(linear.shape[:2])
    if not 0 < scale < 1:
        return linear
    size = [max(1, round(side * scale)) for side in linear.shape[1::-1]]
    return cv2.resize(linear, size, interpolation=cv2.INTER_AREA)
