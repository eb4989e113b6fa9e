"""PPR10K's human-centred figures, as its script has them and normalised."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from luts.colour.colorimetry import delta_e_1976

from ..metric import Metric, weighted_mean
from ..picture import Comparison
from ..psnr import PSNR, decibel

HUMAN, BACKGROUND = 1.0, 0.5  # PPR10K's weights
_PPR10K = "Liang et al., PPR10K, CVPR 2021, calculate_metrics.m"


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


PSNR_HC_PPR10K = replace(
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
)
PSNR_HC = replace(
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
)
DELTA_E_1976_HC_PPR10K = Metric(
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
)
