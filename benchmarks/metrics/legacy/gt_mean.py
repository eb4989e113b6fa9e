"""PSNR and SSIM of an estimate scaled to the mean of the reference: it peeks at the answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..picture import Comparison, Picture
from ..psnr import PSNR, psnr
from ..ssim import SSIM, ssim
from .uniform_ssim import GREY

_GT_MEAN = (
    "scaled by mean(grey reference) / mean(grey estimate), clipped; worth about 4 dB on LOL. "
)
_GT_SOURCE = "evaluation scripts since KinD (ACM MM 2019); LLFlow, Retinexformer as an option"
_LLFLOW = "Wang et al., LLFlow, AAAI 2022, evaluation script"


def _gt_mean(comparison: Comparison) -> Comparison:
    """Scale the estimate so that its mean grey is the reference's: it peeks at the answer."""
    means = [
        float((image.encoded @ GREY).mean())
        for image in (comparison.reference, comparison.estimate)
    ]
    estimate = comparison.estimate.encoded * comparison.estimate.encoded.dtype.type(
        means[0] / max(means[1], 1e-12)
    )
    return Comparison(Picture(np.clip(estimate, 0, 1)), comparison.reference)


def _gt_mean_rgb(comparison: Comparison) -> Comparison:
    """The same by the mean of all values instead of the mean grey."""
    estimate, reference = comparison.estimate.encoded, comparison.reference.encoded
    scale = float(reference.mean()) / max(float(estimate.mean()), 1e-12)
    scaled = np.clip(estimate * estimate.dtype.type(scale), 0, 1)
    return Comparison(Picture(scaled), comparison.reference)


def psnr_gt_mean(comparison: Comparison, weight: None) -> float:
    """PSNR after giving the estimate the reference's mean."""
    return psnr(_gt_mean(comparison), None)


def ssim_gt_mean(comparison: Comparison, weight: None) -> float:
    """SSIM after giving the estimate the reference's mean."""
    return ssim(_gt_mean(comparison), None)


def psnr_gt_mean_rgb(comparison: Comparison, weight: None) -> float:
    """PSNR after giving the estimate the reference's mean of all values."""
    return psnr(_gt_mean_rgb(comparison), None)


def ssim_gt_mean_rgb(comparison: Comparison, weight: None) -> float:
    """SSIM after giving the estimate the reference's mean of all values."""
    return ssim(_gt_mean_rgb(comparison), None)


PSNR_GT_MEAN = replace(
    PSNR,
    name="psnr_gt_mean",
    label="PSNR GT-mean",
    convention="rgb,[0,1],gt-mean",
    function=psnr_gt_mean,
    summary="PSNR after scaling the estimate to the reference's mean",
    definition=f"psnr of the estimate {_GT_MEAN}",
    source=_GT_SOURCE,
    regions=("all",),
    legacy=True,
    by_default=False,
    region_rule="",
)
SSIM_GT_MEAN = replace(
    SSIM,
    name="ssim_gt_mean",
    label="SSIM GT-mean",
    convention=SSIM.convention + ",gt-mean",
    function=ssim_gt_mean,
    summary="SSIM after scaling the estimate to the reference's mean",
    definition=f"ssim of the estimate {_GT_MEAN}",
    source=_GT_SOURCE,
    regions=("all",),
    legacy=True,
    by_default=False,
    region_rule="",
)
PSNR_GT_MEAN_RGB = replace(
    PSNR,
    name="psnr_gt_mean_rgb",
    label="PSNR GT-mean RGB",
    convention="rgb,[0,1],gt-mean-rgb",
    function=psnr_gt_mean_rgb,
    summary="PSNR after scaling the estimate to the reference's mean of all values",
    definition="psnr of the estimate scaled by mean(reference) / mean(estimate), clipped",
    source=_LLFLOW,
    regions=("all",),
    legacy=True,
    by_default=False,
    region_rule="",
)
SSIM_GT_MEAN_RGB = replace(
    SSIM,
    name="ssim_gt_mean_rgb",
    label="SSIM GT-mean RGB",
    convention=SSIM.convention + ",gt-mean-rgb",
    function=ssim_gt_mean_rgb,
    summary="SSIM after scaling the estimate to the reference's mean of all values",
    definition="ssim of the estimate scaled by mean(reference) / mean(estimate), clipped",
    source=_LLFLOW,
    regions=("all",),
    legacy=True,
    by_default=False,
    region_rule="",
)
