"""The convention dial: the numbers that different publications would print for the same pair."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datagen.regions.mask_file import HINT, MaskError, read_mask

from . import Metric, find_metrics
from .inputs import MetricError

# Where the frame is wanted, and where a mask is.
FRAME = (
    "psnr",
    "psnr_y",
    "psnr_gt_mean",
    "psnr_gt_mean_rgb",
    "ssim",
    "ssim_y",
    "ssim_grey",
    "ssim_skimage",
    "ssim_3dlut",
    "ssim_gt_mean",
    "ssim_gt_mean_rgb",
)
FRAME_COLOUR = ("delta_e_2000", "delta_e_1976", "delta_e_itp")
MASKED = (
    "psnr",
    "psnr_masked_frame",
    "psnr_ranlen",
    "psnr_hc",
    "psnr_hc_ppr10k",
    "ssim",
    "ssim_masked_frame",
    "delta_e_1976",
    "delta_e_1976_hc_ppr10k",
)


@dataclass(frozen=True)
class Reading:
    """One protocol's number; `difference` is to the plain metric of the same family."""

    metric: Metric
    where: str
    value: float
    difference: float


def convention_dial(
    estimate: np.ndarray,
    reference: np.ndarray,
    weight: np.ndarray | None = None,
    *,
    extra: Sequence[Metric] = (),
) -> list[Reading]:
    """Read one pair under every protocol; with a weight, under the masked ones as well.

    Arguments as for a metric, and more metrics of the frame; raises MetricError as they do.
    """
    frame = [*find_metrics(FRAME + FRAME_COLOUR), *extra]
    readings = _read(frame, "frame", estimate, reference, None)
    if weight is not None:
        readings += _read(find_metrics(MASKED), "mask", estimate, reference, weight)
    return readings


def _read(
    metrics: list[Metric],
    where: str,
    estimate: np.ndarray,
    reference: np.ndarray,
    weight: np.ndarray | None,
) -> list[Reading]:
    values = {metric.name: metric(estimate, reference, weight) for metric in metrics}
    readings = []
    for metric in metrics:
        value = values[metric.name]
        # The plain metric comes first in its family: psnr before psnr_y.
        plain = values[next(name for name in values if metric.name.startswith(name))]
        readings.append(Reading(metric, where, value, 0.0 if value == plain else value - plain))
    return readings


def markdown(readings: list[Reading]) -> str:
    """Render as a table; an infinite PSNR is ∞."""
    lines = [
        "| protocol | over | value | to the plain one | what it is |",
        "|---|---|---:|---:|---|",
    ]
    for r in readings:
        name = r.metric.name
        digits = 2 if r.metric.unit == "dB" or name.startswith("delta") else 4
        value = "∞" if math.isinf(r.value) else f"{r.value:.{digits}f}"
        away = f"{r.difference:+.{digits}f}" if r.difference else ""
        lines.append(f"| {name} | {r.where} | {value} | {away} | {r.metric.summary} |")
    return "\n".join(lines)


def read_weight(path: Path) -> np.ndarray:
    """Read a mask as a (H, W) weight, by `datagen.regions.mask_file`.

    Raises
    ------
    MetricError
        It cannot be read or told, or marks nothing.
    """
    try:
        return read_mask(path).matte
    except MaskError as error:
        what = str(error).partition(f"; {HINT}")[0]
        raise MetricError(f"{what}; a mask is grey, white marks what counts") from None
