"""Metrics that are not of this project: a function of the user's, or a Metric.

    my.py:chroma    a function (estimate, reference) -> number on (H, W, 3) float arrays, encoded;
                    one that has a parameter `weight` is measured in regions as well, with a weight
                    (H, W), or None for the frame
    my.py:CHROMA    a Metric

A function may say more about itself in attributes: `higher_is_better` (False), `unit`, `digits`.
A package offers metrics by entry points of the group "tonebench.metrics", under their names there.
"""

from __future__ import annotations

import hashlib
import inspect
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from luts.tool.errors import UserError
from luts.tool.isolation import isolated
from luts.tool.outside import METRICS, beside, load_target, offered

from .inputs import MetricError
from .metric import REGIONS, Metric
from .picture import Comparison


def is_outside(name: str) -> bool:
    """Whether a name says where a metric is to be found, instead of being one of METRICS."""
    return re.fullmatch(r"[^=:]+:\w+", name) is not None


def metric_from(spec: str) -> Metric:
    """Make a metric of a function or Metric from outside; raises MetricError."""
    try:
        found = load_target(spec)
    except UserError as error:
        raise MetricError(str(error)) from None
    if isinstance(found, Metric):
        return replace(found, spec=spec)
    if not callable(found):
        raise MetricError(f"{spec}: is a {type(found).__name__}; give a function or a Metric")
    weighted = "weight" in inspect.signature(found).parameters
    name = spec.rpartition(":")[2]
    text = next(iter((inspect.getdoc(found) or "").splitlines()), "") or spec
    return Metric(
        name=name,
        label=name,
        convention=f"outside,{_code(spec)}",
        unit=str(getattr(found, "unit", "")),
        higher_is_better=bool(getattr(found, "higher_is_better", False)),
        function=_calling(found, weighted, spec),
        summary=text,
        definition=text,
        span="whatever the function returns",
        source=spec,
        regions=REGIONS if weighted else ("all",),
        by_default=False,
        digits=int(getattr(found, "digits", 3)),
        spec=spec,
    )


def from_package(name: str) -> Metric | None:
    """The metric that an installed package offers under a name; None when none does."""
    target = offered(METRICS).get(name)
    return replace(metric_from(target), name=name, label=name, spec=name) if target else None


def _calling(function: Any, weighted: bool, spec: str) -> Any:
    def score(comparison: Comparison, weight: np.ndarray | None) -> float:
        pair = (comparison.estimate.encoded.copy(), comparison.reference.encoded.copy())
        own = {"weight": None if weight is None else weight.copy()} if weighted else {}
        with isolated(spec.rpartition(":")[2]), beside(spec):
            return float(function(*pair, **own))

    return score


def _code(spec: str) -> str:
    """A hash of the file, so that values of another version have other ids."""
    path = Path(spec.rpartition(":")[0])
    data = path.read_bytes() if path.suffix == ".py" and path.is_file() else spec.encode()
    return hashlib.blake2b(data, digest_size=4).hexdigest()
