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
from .lpips_files import LPIPS
from .metric import REGIONS, Metric
from .ms_ssim import MS_SSIM
from .no_reference import NO_REFERENCE
from .outside import from_package, is_outside, metric_from
from .psnr import PSNR
from .ranlen import RANLEN
from .ssim import SSIM

__all__ = [
    "METRICS",
    "REGIONS",
    "Metric",
    "MetricError",
    "Target",
    "choose_metrics",
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
        LPIPS,
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
    case, values = Case(estimate, target), {}
    for metric in find_metrics(names):
        for region in metric.regions:
            values[metric.region_id(region)] = case.score(metric, region)
    return values


def find_metrics(names: Sequence[str | Metric] | None = None) -> list[Metric]:
    """Look metrics up by name, or list the default ones; MetricError names the nearest known."""
    if names is None:
        return [metric for metric in METRICS.values() if metric.by_default]
    return [_find(name) if isinstance(name, str) else name for name in names]


def _find(name: str) -> Metric:
    if name in METRICS:
        return METRICS[name]
    metric: Metric | None
    if is_outside(name):
        metric = metric_from(name)
        known = METRICS.setdefault(metric.name, metric)
        if known is not metric and known.spec != metric.spec and known.source:
            raise MetricError(f"{name}: there is a metric {metric.name!r}; give it another name")
        METRICS[metric.name] = metric
        return metric
    if (metric := from_package(name)) is not None:
        METRICS[name] = metric
        return metric
    near = difflib.get_close_matches(name, METRICS, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise MetricError(f"no metric {name!r}; {hint}there are: {', '.join(METRICS)}")


def choose_metrics(names: Sequence[str]) -> list[Metric]:
    """Look metrics up; "default" and "all" are groups; each once, in METRICS' order.

    Those that need a package or weights of their own (NIQE, PI, LPIPS) are not among "all"; ask for
    them by name. "my.py:name" is one from outside. Raises MetricError naming the nearest known.
    """
    chosen: list[Metric] = []
    for name in names:
        if name == "all":
            chosen += [m for m in METRICS.values() if not m.needs and not m.spec and m.source]
        else:
            chosen += find_metrics(None if name == "default" else [name])
    wanted = {metric.name for metric in chosen}
    return [metric for metric in METRICS.values() if metric.name in wanted]
