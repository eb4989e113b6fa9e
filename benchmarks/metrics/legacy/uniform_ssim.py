"""SSIM as scikit-image computes it by default, of colours and of grey."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from ..picture import Comparison
from ..ssim import C1, C2, SSIM

GREY = np.array([0.299, 0.587, 0.114])
UNIFORM = 7
_SKIMAGE = "scikit-image, metrics.structural_similarity, default settings"


def ssim_skimage(comparison: Comparison, weight: None) -> float:
    """scikit-image's structural_similarity with its default settings, over R, G and B."""
    pictures = comparison.estimate.encoded, comparison.reference.encoded
    one, two = (np.asarray(picture, float) for picture in pictures)
    return _uniform_ssim(one, two)


def ssim_grey(comparison: Comparison, weight: None) -> float:
    """The same of full-range BT.601 grey, as many scripts for LOL compute it."""
    pictures = comparison.estimate.encoded, comparison.reference.encoded
    one, two = (np.asarray(picture, float) @ GREY for picture in pictures)
    return _uniform_ssim(one, two)


def _uniform_ssim(one: np.ndarray, two: np.ndarray) -> float:
    """SSIM with a uniform window of 7, sample covariance, windows wholly in the frame; L = 1."""
    if min(one.shape[:2]) < UNIFORM:
        return math.nan
    sample = UNIFORM**2 / (UNIFORM**2 - 1)

    def mean(plane: np.ndarray) -> np.ndarray:
        edge = UNIFORM // 2
        return cv2.blur(plane, (UNIFORM, UNIFORM))[edge:-edge, edge:-edge]

    mean_1, mean_2 = mean(one), mean(two)
    spread_1 = sample * (mean(one * one) - mean_1**2)
    spread_2 = sample * (mean(two * two) - mean_2**2)
    shared = sample * (mean(one * two) - mean_1 * mean_2)
    similarity = (2 * mean_1 * mean_2 + C1) * (2 * shared + C2)
    similarity /= (mean_1**2 + mean_2**2 + C1) * (spread_1 + spread_2 + C2)
    return float(similarity.mean())


SSIM_SKIMAGE = replace(
    SSIM,
    name="ssim_skimage",
    label="SSIM scikit-image",
    convention="rgb,uniform7,sample,valid",
    function=ssim_skimage,
    summary="SSIM as scikit-image computes it by default",
    definition="SSIM of R, G and B with a uniform 7 x 7 window and sample covariance",
    source=_SKIMAGE,
    regions=("all",),
    legacy=True,
    by_default=False,
    region_rule="",
)
SSIM_GREY = replace(
    SSIM,
    name="ssim_grey",
    label="SSIM grey",
    convention="grey601,uniform7,sample,valid",
    function=ssim_grey,
    summary="SSIM of grey as scikit-image computes it by default",
    definition="the same of 0.299 R + 0.587 G + 0.114 B, as many scripts for LOL call it",
    source=_SKIMAGE,
    regions=("all",),
    legacy=True,
    by_default=False,
    region_rule="",
)
