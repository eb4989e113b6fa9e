"""What a metric is: a number with its conventions, unit and direction attached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .inputs import MetricError, check_pair, check_weight
from .picture import Comparison, Picture

# A correct here, B transition, C leave alone, and the frame.
REGIONS = ("A", "B", "C", "all")


@dataclass(frozen=True)
class Metric:
    """One entry of METRICS.

    A metric `of` a "pair" is `function(comparison, weight)`, weight (H, W) or None for the frame,
    and can be called with two images. A metric of a "case" is `function(case)`: it needs the input
    and the region map as well, so only `score_regions` can compute it. One `against` the "input"
    compares the estimate with what was given instead of with what was wanted. A `legacy` metric
    repeats a publication to the letter, faults included. Tables call it by its `label` and print
    `digits` decimals; `needs` raises MetricError where something it needs is not there, and `spec`
    says where one from outside is found. A `signed` one is as bad below 0 as above it: its
    magnitude is ranked.
    """

    name: str
    label: str
    convention: str
    unit: str
    higher_is_better: bool
    function: Callable[..., float]
    summary: str
    definition: str
    span: str
    source: str
    of: Literal["pair", "case"] = "pair"
    against: Literal["ideal", "input"] = "ideal"
    regions: tuple[str, ...] = REGIONS
    region_rule: str = ""
    by_default: bool = True
    legacy: bool = False
    digits: int = 3
    signed: bool = False
    needs: Callable[[], object] | None = None
    spec: str = ""
    version: int = 1

    @property
    def id(self) -> str:
        """Name, version and conventions, stored with every value; other values need another id."""
        return f"{self.name}@{self.version}({self.convention})"

    @property
    def key(self) -> str:
        """By what `find_metrics` finds it again, in another process too."""
        return self.spec or self.name

    def check_ready(self) -> None:
        """Raise MetricError where the metric could not be computed, before anything is."""
        if self.needs is not None:
            self.needs()

    @property
    def arrow(self) -> str:
        """Which way is better: "↑", "↓", or "→0" for a signed metric."""
        return "→0" if self.signed else "↑" if self.higher_is_better else "↓"

    def region_id(self, region: str) -> str:
        """The id with the region, such as "ssim@1(...)[A:nconv]"."""
        rule = f":{self.region_rule}" if self.region_rule and region != "all" else ""
        return f"{self.id}[{region}{rule}]"

    def __call__(
        self, estimate: np.ndarray, reference: np.ndarray, weight: np.ndarray | None = None
    ) -> float:
        """Score an image against another.

        Parameters
        ----------
        estimate, reference : (H, W, 3) float32 or float64, encoded, in [0, 1]
            float64 follows the definition to rounding; float32 is several times as fast.
        weight : (H, W) bool or float in [0, 1], optional
            Only what it selects counts; pixels of weight zero change nothing, to the last bit.

        Returns
        -------
        The value; NaN where nothing is left to measure.

        Raises
        ------
        MetricError for sizes, types or ranges that do not fit.
        """
        if self.of == "case":
            raise MetricError(
                f"{self.name}: needs the input and the region map too; use score_regions"
            )
        if weight is not None and self.regions == ("all",):
            raise MetricError(f"{self.name}: is defined for the whole frame only, not in a region")
        estimate, reference = check_pair(estimate, reference)
        weight = check_weight(weight, estimate)
        return self.function(Comparison(Picture(estimate), Picture(reference)), weight)


def weighted_mean(values: np.ndarray, weight: np.ndarray | None) -> float:
    """Average a map (H, W) in float64; NaN when the weights add up to nothing."""
    if weight is None:
        return float(values.mean(dtype=np.float64))
    total = float(weight.sum(dtype=np.float64))
    if total == 0:
        return float("nan")
    return float(np.einsum("hw,hw->", values, weight, dtype=np.float64)) / total


def percentile(values: np.ndarray, weight: np.ndarray | None, share: float) -> float:
    """Percentile (0 to 100) of a map over the pixels of weight 0.5 and more; NaN without any."""
    chosen = values.ravel() if weight is None else values[weight >= 0.5]
    return float(np.percentile(chosen, share)) if chosen.size else float("nan")
