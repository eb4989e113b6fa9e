"""SSIM of the FiveK 480p script of image-adaptive 3D LUTs."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from ..picture import Comparison
from ..ssim import SSIM, similarity_and_contrast


def ssim_3dlut(comparison: Comparison, weight: None) -> float:
    """Wang's auto-downsampling ssim.m, called on colour arrays as the 3D-LUT script does.

    ssim.m subsamples with img(1:f:end, 1:f:end). On a colour array MATLAB lets the second index run
    through all channels, so that they end up side by side in one wide grey image.
    """
    # MATLAB's round: half goes up, where Python's goes to the even neighbour (640 pixels: 3).
    factor = max(1, math.floor(min(comparison.estimate.encoded.shape[:2]) / 256 + 0.5))
    pictures = comparison.estimate, comparison.reference
    one, two = (_side_by_side(picture.encoded, factor) for picture in pictures)
    return float(similarity_and_contrast(one, two, None)[0].mean())


def _side_by_side(encoded: np.ndarray, factor: int) -> np.ndarray:
    if factor > 1:
        # MATLAB centres an even window on its first half, and "symmetric" repeats the edge pixel.
        box, anchor = np.full((factor, factor), 1 / factor**2), ((factor - 1) // 2,) * 2
        encoded = cv2.filter2D(encoded, -1, box, anchor=anchor, borderType=cv2.BORDER_REFLECT)
    wide = np.concatenate(np.moveaxis(encoded, 2, 0), axis=1)
    return np.ascontiguousarray(wide[::factor, ::factor])[..., None]


SSIM_3DLUT = replace(
    SSIM,
    name="ssim_3dlut",
    label="SSIM 3D-LUT",
    convention="rgb-side-by-side,auto-downsample,gauss11,sigma1.5",
    function=ssim_3dlut,
    summary="SSIM of the FiveK 480p script: downsampled, channels side by side",
    definition="Wang's ssim.m on a colour array: box mean by f = round(min(H, W) / 256), every "
    "f-th row and column of the channels laid side by side, then ssim. Read from its source; "
    "not run in MATLAB here. 0.843 at full size may read 0.960.",
    source="Zeng et al., TPAMI 2020, evaluation script; Wang et al., ssim.m",
    regions=("all",),
    legacy=True,
    by_default=False,
    region_rule="",
)
