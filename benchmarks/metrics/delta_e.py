"""Colour differences averaged over pixels: CIEDE2000 and CIE 1976."""

from __future__ import annotations

import numpy as np

from luts.colour.colorimetry import delta_e_1976

from .metric import Metric, weighted_mean
from .picture import Comparison, in_strips


def mean_delta_e_2000(comparison: Comparison, weight: np.ndarray | None) -> float:
    """Mean CIEDE2000 over the pixels."""
    return weighted_mean(comparison.delta_e_2000, weight)


def mean_delta_e_1976(comparison: Comparison, weight: np.ndarray | None) -> float:
    """Mean CIE 1976 difference over the pixels."""
    return weighted_mean(comparison.once(delta_e_1976_map), weight)


def delta_e_1976_map(comparison: Comparison) -> np.ndarray:
    """CIE 1976 difference of every pixel, (H, W)."""
    return in_strips(delta_e_1976, comparison.estimate.lab, comparison.reference.lab)


DELTA_E_2000 = Metric(
    name="delta_e_2000",
    label="ΔE00",
    digits=2,
    convention="d65,mean",
    unit="",
    higher_is_better=False,
    function=mean_delta_e_2000,
    summary="mean CIEDE2000 colour difference",
    definition="mean over pixels of CIEDE2000 with kL = kC = kH = 1 between the Lab values of two "
    "sRGB images, white (0.95047, 1, 1.08883)",
    span="0 to about 120; about 1 is just noticeable side by side",
    source="Sharma, Wu and Dalal, Color Research and Application 30(1), 2005",
)
DELTA_E_1976 = Metric(
    name="delta_e_1976",
    label="ΔE76",
    digits=2,
    convention="d65,mean",
    unit="",
    higher_is_better=False,
    function=mean_delta_e_1976,
    summary='mean CIE 1976 colour difference, the "dE" of FiveK and PPR10K papers',
    definition="mean over pixels of the Euclidean distance in CIE Lab, white (0.95047, 1, 1.08883)",
    span="0 to about 260",
    source="CIE 15:2018, section 8.2.1; Zeng et al., TPAMI 2020 (3D LUT), evaluation script",
)
