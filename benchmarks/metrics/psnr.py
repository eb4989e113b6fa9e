"""Peak signal-to-noise ratio."""

from __future__ import annotations

import math

import numpy as np

from .metric import Metric, weighted_mean
from .picture import Comparison


def decibel(mean_squared_error: float) -> float:
    """-10 log10 of a mean squared error on [0, 1]; inf for zero, NaN for NaN."""
    return -10 * math.log10(mean_squared_error) if mean_squared_error else math.inf


def psnr(comparison: Comparison, weight: np.ndarray | None) -> float:
    """PSNR of the weighted mean squared error."""
    return decibel(weighted_mean(comparison.squared_error, weight))


PSNR = Metric(
    name="psnr",
    label="PSNR",
    digits=2,
    convention="rgb,[0,1]",
    unit="dB",
    higher_is_better=True,
    function=psnr,
    summary="peak signal-to-noise ratio of display-encoded RGB",
    definition="-10 log10(sum w e / sum w), e the squared error averaged over R, G and B; one "
    "value per image, so a table's mean is the mean of decibels, not the decibels of a mean. Not "
    "rounded to 8 bits first.",
    span="0 to inf dB; identical pixels give inf",
    source="ITU-T J.247 annex; per-image averaging as in the scripts of 3D-LUT and PPR10K",
)
