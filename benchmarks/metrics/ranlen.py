"""The numbers of the paper on local enhancement, as its text defines them.

Its area metrics multiply both images by the mask and score the whole frame, which the black
surround flatters; its smoothness loss is not fit to rank transitions. Kept under names of their own
so that its tables can be read, never computed unless asked for.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from .case import Case
from .metric import Metric, weighted_mean
from .picture import Comparison
from .psnr import PSNR, decibel, psnr
from .ssim import SSIM, similarity_and_contrast, ssim


def psnr_masked_frame(comparison: Comparison, weight: np.ndarray | None) -> float:
    """PSNR of the two images multiplied by the mask, over the whole frame."""
    if weight is None:
        return psnr(comparison, None)
    if not weight.any():
        return math.nan
    return decibel(weighted_mean(comparison.squared_error * weight**2, None))


def psnr_ranlen(comparison: Comparison, weight: np.ndarray | None) -> float:
    """The masked-frame PSNR times 1 / coverage, as RANLEN's section 4 says."""
    coverage = 1.0 if weight is None else float(weight.mean(dtype=np.float64))
    return psnr_masked_frame(comparison, weight) / coverage if coverage else math.nan


def ssim_masked_frame(comparison: Comparison, weight: np.ndarray | None) -> float:
    """SSIM of the two images multiplied by the mask, over the whole frame."""
    if weight is None:
        return ssim(comparison, None)
    if not weight.any():
        return math.nan
    pair = (comparison.estimate, comparison.reference)
    estimate, reference = (picture.encoded * weight[..., None] for picture in pair)
    return float(similarity_and_contrast(estimate, reference, None)[0].mean())


def ranlen_gs(case: Case) -> float:
    """RANLEN's gradient-smooth loss per pixel of B, on the output's channels."""
    band = case.target.parts["B"]
    log_input = np.log(np.maximum(case.target.input.encoded, 1 / 255))
    total = np.zeros(band.shape)
    for u in (0, 1):
        for v in (0, 1):
            rate = 1 / (np.abs(_second(log_input, u, v)) ** 1.2 + 1e-4)
            total += (rate * _second(case.estimate.encoded, u, v) ** 2).mean(2)
    return weighted_mean(total, band)


def _second(image: np.ndarray, u: int, v: int) -> np.ndarray:
    """Forward difference along v, then along u, zero at the far edge."""
    for axis in (v, u):
        image = np.diff(image, axis=axis, append=np.take(image, [-1], axis=axis))
    return image


_RANLEN = "Yao, Huang and Xu, Local low-light image enhancement via region-aware normalization"

RANLEN = (
    replace(
        PSNR,
        name="psnr_masked_frame",
        label="PSNR masked frame",
        convention="rgb,[0,1],frame",
        function=psnr_masked_frame,
        summary="PSNR of mask times image over the whole frame",
        definition="-10 log10(mean over the frame of w^2 e): at coverage r it is psnr[A] "
        "- 10 log10 r, 7.7 dB too high at r = 0.17.",
        source=_RANLEN + ", section 4; also common for radiance fields",
        regions=("A",),
        legacy=True,
        by_default=False,
        region_rule="",
    ),
    replace(
        PSNR,
        name="psnr_ranlen",
        label="PSNR RANLEN",
        convention="rgb,[0,1],frame/r",
        function=psnr_ranlen,
        summary="RANLEN's PSNR as its text says: ill-posed, for study only",
        definition="psnr_masked_frame times 1 / r. Never below -10 log10(r) / r, 45 dB at r = "
        "0.17, while the paper prints 15 to 20: its tables cannot have been made this way.",
        source=_RANLEN + ", section 4",
        regions=("A",),
        legacy=True,
        by_default=False,
        region_rule="",
    ),
    replace(
        SSIM,
        name="ssim_masked_frame",
        label="SSIM masked frame",
        convention=SSIM.convention + ",frame",
        function=ssim_masked_frame,
        summary="SSIM of mask times image over the whole frame",
        definition="ssim of the two images multiplied by the mask. The black surround agrees with "
        "itself, so a value s inside coverage r reads about 1 - (1 - s) r.",
        source=_RANLEN + ", section 4",
        regions=("A",),
        legacy=True,
        by_default=False,
        region_rule="",
    ),
    Metric(
        name="ranlen_gs",
        label="GS",
        convention="rgb,s1.2,eps1e-4,per-pixel",
        unit="",
        higher_is_better=False,
        function=ranlen_gs,
        summary="RANLEN's gradient-smooth loss, not fit to rank transitions",
        definition="mean over B of sum over u, v of (d_u d_v out)^2 / (|d_u d_v log in|^1.2 + "
        "1e-4), forward differences, input lifted to 1/255. A no-op and half strength score better"
        " than the ideal blend, and sensor noise worse than a halo.",
        span="0 and more",
        source=_RANLEN + ", equations 2 and 3",
        of="case",
        regions=("B",),
        by_default=False,
        legacy=True,
    ),
)
