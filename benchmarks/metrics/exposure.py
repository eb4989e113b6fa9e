"""Exposure error in stops: what the photographer sees, apart from colour and texture."""

from __future__ import annotations

import math

import cv2
import numpy as np

from .metric import Metric, weighted_mean
from .picture import Comparison

FLOOR = 0.01  # keeps the logarithm calm in the shadows: 1 % of the sensor's clip


def stops(estimate: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """log2 of the ratio of two luminances, each lifted by FLOOR; positive is too bright."""
    return np.log2((estimate + FLOOR) / (reference + FLOOR))


def smooth(values: np.ndarray, weight: np.ndarray | None, sigma: float = 1.0) -> np.ndarray:
    """Gaussian blur that counts nothing outside the region (or the frame)."""
    inside = np.ones_like(values) if weight is None else weight
    size = (2 * math.ceil(4 * sigma) + 1,) * 2
    blurred, support = (
        cv2.GaussianBlur(plane, size, sigma, borderType=cv2.BORDER_CONSTANT)
        for plane in (values * inside, inside)
    )
    # Where no weight reaches, the value is not used; the guard only keeps it finite.
    return blurred / np.maximum(support, 1e-6)


def ev_rmse(comparison: Comparison, weight: np.ndarray | None) -> float:
    """Root mean square of the smoothed exposure error."""
    error = smooth(stops(comparison.estimate.luminance, comparison.reference.luminance), weight)
    return math.sqrt(weighted_mean(error * error, weight))


def ev_bias(comparison: Comparison, weight: np.ndarray | None) -> float:
    """Mean signed exposure error."""
    error = stops(comparison.estimate.luminance, comparison.reference.luminance)
    return weighted_mean(error, weight)


EV_RMSE = Metric(
    name="ev_rmse",
    label="EV-RMSE",
    convention="log2,linear-Y,floor0.01,gauss1",
    unit="stops",
    higher_is_better=False,
    function=ev_rmse,
    summary="exposure error in stops, root mean square",
    definition="sqrt(mean D^2), D = Gaussian blur (sigma 1 pixel, inside the region) of "
    "log2((Y + 0.01) / (Y* + 0.01)), Y the linear luminance. In band B the wanted picture is the "
    "ideal blend, so a no-op, a hard cut and a halo all show in stops.",
    span="0 to about 7 stops",
    source="this project; the gain G of docs/metrics.md",
)
EV_BIAS = Metric(
    name="ev_bias",
    label="EV bias",
    signed=True,
    convention="log2,linear-Y,floor0.01",
    unit="stops, signed",
    higher_is_better=False,
    function=ev_bias,
    summary="mean exposure error in stops: positive is too bright; 0 is best",
    definition="mean of log2((Y + 0.01) / (Y* + 0.01)), Y the linear luminance. Signed: compare "
    "its magnitude.",
    span="-7 to 7 stops, 0 best",
    source="this project; the gain G of docs/metrics.md",
)
