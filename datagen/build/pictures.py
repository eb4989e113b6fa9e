"""Finished pictures of a source, read and brought to working size."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from luts.colour.transfer import decode_srgb

from ..images.codes import to_float, values_of
from ..images.files import ImageError, read_image
from ..images.hdr import HdrError
from ..images.resample import area_mean
from .opened import OpenSceneError


def resize(codes: np.ndarray, long_edge: int, *, linear: bool = False) -> np.ndarray:
    """Shrink a picture by area averaging until the longer side fits; never enlarge.

    Parameters
    ----------
    codes : (H, W, 3) uint8 or uint16
    linear : average linear light, and give it, instead of encoded values

    Returns
    -------
    (h, w, 3) float32.
    """
    table = values_of(codes.dtype)
    if linear:
        table = decode_srgb(table)
    height, width = codes.shape[:2]
    scale = min(1.0, (long_edge or np.inf) / max(height, width))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    if size == (height, width):
        return table.astype(np.float32)[codes]
    return np.asarray(area_mean(codes, size, table=table), np.float32)


def read_encoded(folder: Path, file: str, *, floats: bool = False) -> np.ndarray:
    """A picture file as (H, W, 3) float32, sRGB-encoded."""
    return to_float(read_codes(folder, file, floats=floats))


def read_codes(folder: Path, file: str, *, floats: bool = False) -> np.ndarray:
    """A picture file as (H, W, 3) uint8 or uint16; with `floats` light up to white, too."""
    try:
        codes = read_image(folder / file, floats=floats)
    except (ImageError, HdrError) as error:
        missing = not (folder / file).exists()
        reason = str(error).replace(str(folder / file), file)
        raise OpenSceneError("unreadable" if missing else "corrupt", reason) from None
    return codes if codes.ndim == 3 else np.repeat(codes[..., None], 3, axis=2)
