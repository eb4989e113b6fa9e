"""The exposure rule of the reference `auto`, applied to a picture."""

from __future__ import annotations

import numpy as np

from datagen.develop.auto_exposure import auto_exposure as exposure_of
from luts.colour.transfer import decode_srgb, encode_srgb

from .image import checked


def auto_exposure(encoded: np.ndarray) -> np.ndarray:
    """Gain in linear light by which datagen.develop.auto_exposure exposes the automatic references.

    Where those are the references, this row says how far one knows the answer by knowing the rule:
    an under-exposed picture without a cast comes out right but for noise and rounding; clipping and
    colour casts mislead it. Against other references it is a plain percentile exposure.

    Parameters
    ----------
    encoded : (H, W, 3) float32 in [0, 1]
    """
    linear = decode_srgb(checked(encoded))
    gain = np.float32(2.0 ** exposure_of(linear))
    return encode_srgb(np.clip(linear * gain, 0, 1)).astype(np.float32, copy=False)
