"""Numbers as publications computed them, to the letter, so that their tables can be compared.

Each has its own id and none is computed unless asked for. Where the letter is a mistake, the
definition says so; the repaired form is the plain metric of the table.
"""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from luts.colour.colorimetry import delta_e_1976

from .metric import Metric, weighted_mean
from .picture import Comparison, Picture
from .psnr import PSNR, decibel, psnr
from .ssim import C1, C2, SSIM, similarity_and_contrast, ssim

# MATLAB's rgb2ycbcr and ITU-R BT.601: limited-range luma of R, G, B in [0, 1], in 8-bit codes.
LUMA_601, LUMA_BLACK = np.array([65.481, 128.553, 24.966]), 16
GREY = np.array([0.299, 0.587, 0.114])
UNIFORM = 7
HUMAN, BACKGROUND = 1.0, 0.5  # PPR10K's weights


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


def _human_centred(weight: np.ndarray | None) -> np.ndarray | float:
    return HUMAN if weight is None else BACKGROUND + (HUMAN - BACKGROUND) * weight


def psnr_hc_ppr10k(comparison: Comparison, weight: np.ndarray | None) -> float:
    """PSNR of pixel values multiplied by 1 (human) or 0.5 (background), not renormalised."""
    return decibel(weighted_mean(comparison.squared_error * _human_centred(weight) ** 2, None))


def psnr_hc(comparison: Comparison, weight: np.ndarray | None) -> float:
    """PSNR of the squared error averaged with weights 1 (human) and 0.5 (background)."""
    weights = _human_centred(weight) * np.ones_like(comparison.squared_error)
    return decibel(weighted_mean(comparison.squared_error, weights))


def delta_e_hc_ppr10k(comparison: Comparison, weight: np.ndarray | None) -> float:
    """Mean CIE 1976 difference of Lab values multiplied by 1 or 0.5."""
    difference = delta_e_1976(comparison.estimate.lab, comparison.reference.lab)
    return weighted_mean(difference * _human_centred(weight), None)


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


def psnr_gt_mean_rgb(comparison: Comparison, weight: None) -> float:
    """PSNR after giving the estimate the reference's mean of all values."""
    return psnr(_gt_mean_rgb(comparison), None)


def ssim_gt_mean_rgb(comparison: Comparison, weight: None) -> float:
    """SSIM after giving the estimate the reference's mean of all values."""
    return ssim(_gt_mean_rgb(comparison), None)


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


def psnr_gt_mean(comparison: Comparison, weight: None) -> float:
    """PSNR after giving the estimate the reference's mean."""
    return psnr(_gt_mean(comparison), None)


def ssim_gt_mean(comparison: Comparison, weight: None) -> float:
    """SSIM after giving the estimate the reference's mean."""
    return ssim(_gt_mean(comparison), None)


_PPR10K = "Liang et al., PPR10K, CVPR 2021, calculate_metrics.m"
_GT_MEAN = (
    "scaled by mean(grey reference) / mean(grey estimate), clipped; worth about 4 dB on LOL. "
)
_GT_SOURCE = "evaluation scripts since KinD (ACM MM 2019); LLFlow, Retinexformer as an option"
_LLFLOW = "Wang et al., LLFlow, AAAI 2022, evaluation script"
_SKIMAGE = "scikit-image, metrics.structural_similarity, default settings"

LEGACY = (
    replace(
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
    ),
    replace(
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
    ),
    replace(
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
    ),
    replace(
        PSNR,
        name="psnr_hc_ppr10k",
        label="PSNR-HC PPR10K",
        convention="rgb,[0,1],values*1|0.5,frame",
        function=psnr_hc_ppr10k,
        summary="PPR10K's human-centred PSNR",
        definition="pixel values times 1 in the mask and 0.5 outside, mean over the frame, not "
        "renormalised: the background counts a quarter, and the value is never below psnr.",
        source=_PPR10K,
        regions=("A",),
        legacy=True,
        by_default=False,
        region_rule="",
    ),
    replace(
        PSNR,
        name="psnr_hc",
        label="PSNR-HC",
        convention="rgb,[0,1],weights1|0.5",
        function=psnr_hc,
        summary="human-centred PSNR, normalised",
        definition="psnr with weights 1 in the mask and 0.5 outside, divided by their sum",
        source="the normalised form of " + _PPR10K,
        regions=("A",),
        legacy=True,
        by_default=False,
        region_rule="",
    ),
    Metric(
        name="delta_e_1976_hc_ppr10k",
        label="ΔE76-HC PPR10K",
        digits=2,
        convention="d65,values*1|0.5,frame",
        unit="",
        higher_is_better=False,
        function=delta_e_hc_ppr10k,
        summary="PPR10K's human-centred colour difference",
        definition="Lab values times 1 in the mask and 0.5 outside, mean CIE 1976 distance over "
        "the frame, not renormalised",
        span="0 to about 260",
        source=_PPR10K,
        regions=("A",),
        by_default=False,
        legacy=True,
    ),
    replace(
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
    ),
    replace(
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
    ),
    replace(
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
    ),
    replace(
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
    ),
    replace(
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
    ),
    replace(
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
    ),
)
