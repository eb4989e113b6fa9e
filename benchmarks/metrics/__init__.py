"""METRICS: numbers that name their conventions, in a frame or inside a region.

    from benchmarks.metrics import METRICS, score_regions

    METRICS["ssim"].id                                     'ssim@1(rgb,gauss11,sigma1.5,pop,valid)'
    METRICS["ssim"](estimate, reference)                   over the frame
    METRICS["ssim"](estimate, reference, weight)           inside a soft mask
    score_regions(estimate, reference, degraded, regions)  everything, everywhere

Nothing here imports torch; the batched twins are in `benchmarks.metrics.twins`.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import numpy as np

from .angular import ANGULAR_ERROR
from .band import BAND
from .case import Case, Target
from .delta_e import DELTA_E_1976, DELTA_E_2000
from .delta_e_itp import DELTA_E_ITP
from .exposure import EV_BIAS, EV_RMSE
from .fidelity import DELTA_E_MAX, DELTA_E_P99, FAR_LEAK, LARGEST_CODES, LEAKAGE, UNCHANGED
from .flip import FLIP
from .inputs import MetricError
from .legacy import LEGACY
from .loe import LOE
from .metric import REGIONS, Metric
from .ms_ssim import MS_SSIM
from .no_reference import NO_REFERENCE
from .psnr import PSNR
from .ranlen import RANLEN
from .score import score_case
from .ssim import SSIM

__all__ = [
    "METRICS",
    "REGIONS",
    "Metric",
    "MetricError",
    "Target",
    "find_metrics",
    "score_regions",
    "score_target",
]

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        PSNR,
        SSIM,
        MS_SSIM,
        DELTA_E_2000,
        DELTA_E_1976,
        DELTA_E_ITP,
        ANGULAR_ERROR,
        EV_RMSE,
        EV_BIAS,
        *BAND,
        UNCHANGED,
        LARGEST_CODES,
        DELTA_E_P99,
        DELTA_E_MAX,
        LEAKAGE,
        FAR_LEAK,
        LOE,
        FLIP,
        *NO_REFERENCE,
        *RANLEN,
        *LEGACY,
    )
}


def score_regions(
    estimate: np.ndarray,
    reference: np.ndarray,
    degraded: np.ndarray,
    regions: np.ndarray,
    *,
    names: Sequence[str | Metric] | None = None,
) -> dict[str, float]:
    """Score an estimate by every metric in every region.

    Parameters
    ----------
    estimate, reference, degraded : (H, W, 3) float, encoded, in [0, 1]
        The output, the wanted picture, and the input.
    regions : (H, W) uint8
        2 = A: compared with the reference. 0 = C: compared with the input. 1 = B: compared with
        their blend in linear light. "all": the frame, compared with the picture made of the three.
    names : metrics, in the order wanted, by name or as a Metric (`lpips.lpips_metric` makes one);
        by default those of METRICS marked `by_default`

    Returns
    -------
    Full id such as "psnr@1(rgb,[0,1])[A]" -> value. An empty region gives NaN.

    Raises
    ------
    MetricError for images or maps that do not fit, a map without any A, or an unknown name.
    """
    return score_target(estimate, Target(reference, degraded, regions), names=names)


def score_target(
    estimate: np.ndarray, target: Target, *, names: Sequence[str | Metric] | None = None
) -> dict[str, float]:
    """`score_regions` for several estimates of one sample: what they share is made once."""
    return score_case(Case(estimate, target), find_metrics(names))


def find_metrics(names: Sequence[str | Metric] | None = None) -> list[Metric]:
    """Look metrics up by name, or list the default ones; MetricError names the nearest known."""
    if names is None:
        return [metric for metric in METRICS.values() if metric.by_default]
    for name in names:
        if isinstance(name, str) and name not in METRICS:
            near = difflib.get_close_matches(name, METRICS, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise MetricError(f"no metric {name!r}; {hint}there are: {', '.join(METRICS)}")
    return [METRICS[name] if isinstance(name, str) else name for name in names]
