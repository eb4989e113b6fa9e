"""The ceiling of knowing the distortion: the exact inverse of the LUT a sample was made with."""

from __future__ import annotations

import numpy as np

from luts.lut import Lut
from luts.ocio import invert_exactly


def undo(degraded: np.ndarray, lut: Lut | None) -> np.ndarray:
    """Send every pixel back through the stored LUT.

    What is left is what the LUT itself lost: colours it clipped or merged, and the rounding of the
    stored image. Exposure and noise that came before it are not touched.

    Parameters
    ----------
    degraded : (H, W, 3) float32, encoded, in [0, 1]
    lut : the LUT of the sample's manifest row; None where it has none, which changes nothing

    Returns
    -------
    (H, W, 3) float32, encoded, in [0, 1].
    """
    if lut is None:
        return degraded
    colours, place = np.unique(degraded.reshape(-1, 3), axis=0, return_inverse=True)
    undone = np.clip(invert_exactly(lut, colours), 0, 1)
    return undone[place.ravel()].reshape(degraded.shape)
