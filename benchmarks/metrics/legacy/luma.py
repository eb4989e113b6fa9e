"""PSNR and SSIM of limited-range luma, as in tables of super-resolution."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..metric import weighted_mean
from ..picture import Comparison
from ..psnr import PSNR, decibel
from ..ssim import SSIM, similarity_and_contrast

# MATLAB's rgb2ycbcr and ITU-R BT.601: limited-range luma of R, G, B in [0, 1], in 8-bit codes.
LUMA_601, LUMA_BLACK = np.array([65.481, 128.553, 24.966]), 16


def _luma(comparison: Comparison) -> tuple[np.ndarray, np.ndarray]:
    images = comparison.estimate.encoded, comparison.reference.encoded
    return tuple((i @ LUMA_601.astype(i.dtype) + LUMA_BLACK) / 255 for i in images)


def psnr_y(comparison: Comparison, weight: np.ndarray | None) -> float:
    """PSNR of limited-range luma with a peak of 255."""
    estimate, reference = _luma(comparison)
    return decibel(weighted_mean((estimate - reference) ** 2, weight))


def ssim_y(comparison: Comparison, weight: np.ndarray | None) -> float:
    """SSIM of limited-range luma with L = 255."""
    estimate, reference = (luma[..., None] for luma in _luma(comparison))
    return float(similarity_and_contrast(estimate, reference, weight)[0].mean())


PSNR_Y = replace(
    PSNR,
    name="psnr_y",
    label="PSNR-Y",
    convention="y601-limited,255",
    function=psnr_y,
    summary="PSNR of limited-range luma, as in super-resolution tables",
    definition="Y = 16 + 65.481 R + 128.553 G + 24.966 B, peak 255, not rounded: 1.32 dB above "
    "the same error in full-range luma.",
    source="BasicSR test_y_channel; MATLAB rgb2ycbcr; ITU-R BT.601",
    legacy=True,
    by_default=False,
    region_rule="",
)
SSIM_Y = replace(
    SSIM,
    name="ssim_y",
    label="SSIM-Y",
    convention="y601-limited,255,gauss11,sigma1.5,pop,valid",
    function=ssim_y,
    summary="SSIM of limited-range luma",
    definition="ssim of Y = 16 + 65.481 R + 128.553 G + 24.966 B with L = 255",
    source="BasicSR test_y_channel",
    legacy=True,
    by_default=False,
    region_rule="nconv",
)
