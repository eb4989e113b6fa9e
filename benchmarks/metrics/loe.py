"""Lightness order error: how often the output reverses which of two places is the lighter one.

At least six variants are in use, from 8 to 957 for one pair of images; divided by the number of
comparisons they nearly agree. This is the plain fraction at one stated size.
"""

from __future__ import annotations

import cv2
import numpy as np

from .metric import Metric
from .picture import Comparison

SHORT_SIDE = 50
_DECIMALS = 4  # lightness is compared to 1e-4, so that rounding cannot order two equal places


def loe(comparison: Comparison, weight: np.ndarray | None) -> float:
    """Share of the ordered pairs of places whose lightness order differs."""
    one, two = comparison.estimate.encoded.max(2), comparison.reference.encoded.max(2)
    shrink = min(1.0, SHORT_SIDE / min(one.shape))
    size = tuple(max(1, round(side * shrink)) for side in one.shape[::-1])
    weight = np.ones_like(one) if weight is None else weight
    inside = _shrink(weight, size)
    kept = inside >= 0.5
    one, two = (_shrink(plane * weight, size)[kept] / inside[kept] for plane in (one, two))
    one, two = one.round(_DECIMALS), two.round(_DECIMALS)
    if not one.size:
        return float("nan")
    flips = 0
    for a, b in zip(np.array_split(one, 16), np.array_split(two, 16), strict=True):
        flips += int(np.count_nonzero((a[:, None] >= one) != (b[:, None] >= two)))
    return flips / one.size**2


def _shrink(plane: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA)


LOE = Metric(
    name="loe",
    label="LOE",
    convention="maxrgb,short50,area,share",
    unit="share",
    higher_is_better=False,
    function=loe,
    summary="lightness order error against the input, as a share of all pairs of places",
    definition="with L = max(R, G, B), area-resampled to a short side of 50: share of pairs (x, y) "
    "with [L(x) >= L(y)] of the output unlike that of the input. Published values are this times "
    "the number of places, over places of the authors' choice.",
    span="0 to 1; below 0.1 looks natural",
    source="Wang, Zheng, Hu and Li, IEEE TIP 22(9), 2013, equation 24",
    against="input",
    by_default=False,
)
