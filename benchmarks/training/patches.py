"""Which crops are worth training on."""

from __future__ import annotations

import cv2
import numpy as np

DARKEST = 0.02  # sum of the three channels, mean over the crop
BRIGHTEST = 0.98  # mean of all channels
FLATTEST = 0.06  # mean gradient magnitude
TRIES = 200


def is_informative(reference: np.ndarray) -> bool:
    """Whether a crop is neither black, white nor flat, by the rules of MSEC's released code.

    reference : (h, w, 3) float32, encoded: the wanted picture, not the degraded one. Gradients are
    Sobel's on the Rec. 601 luma, kernels not normalised: a step from 0 to 1 has magnitude 4.
    """
    if reference.sum(axis=2).mean() < DARKEST or reference.mean() > BRIGHTEST:
        return False
    luma = cv2.cvtColor(np.ascontiguousarray(reference), cv2.COLOR_RGB2GRAY)
    slopes = (
        cv2.Sobel(luma, cv2.CV_32F, dx, dy, borderType=cv2.BORDER_REPLICATE)
        for dx, dy in ((1, 0), (0, 1))
    )
    return float(np.hypot(*slopes).mean()) >= FLATTEST
