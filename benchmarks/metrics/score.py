"""All metrics of one picture, in every region, from maps that are made once."""

from __future__ import annotations

from collections.abc import Iterable

from .case import Case
from .metric import Metric


def score_case(case: Case, metrics: Iterable[Metric]) -> dict[str, float]:
    """Score an estimate; see `benchmarks.metrics.score_regions`."""
    values = {}
    for metric in metrics:
        for region in metric.regions:
            values[metric.region_id(region)] = _value(case, metric, region)
    return values


def _value(case: Case, metric: Metric, region: str) -> float:
    if not case.target.filled[region]:
        return float("nan")
    weight = case.target.weights[region]
    if metric.of == "case":
        return metric.function(case)
    comparison = case.to_input if metric.against == "input" else case.to_ideal
    return metric.function(comparison, weight)
