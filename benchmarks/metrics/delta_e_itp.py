"""Colour difference ITP, made for displays brighter and wider than Lab was."""

from __future__ import annotations

import numpy as np

from luts.colour.itp import difference_itp

from .metric import Metric, weighted_mean
from .picture import Comparison, in_strips


def delta_e_itp(comparison: Comparison, weight: np.ndarray | None) -> float:
    """Mean difference ITP over the pixels."""
    return weighted_mean(comparison.once(_difference), weight)


def _difference(comparison: Comparison) -> np.ndarray:
    return in_strips(difference_itp, comparison.estimate.linear, comparison.reference.linear)


DELTA_E_ITP = Metric(
    name="delta_e_itp",
    label="ΔE-ITP",
    digits=2,
    convention="203cd/m2,mean",
    unit="",
    higher_is_better=False,
    function=delta_e_itp,
    summary="mean colour difference ITP with white at 203 cd/m2",
    definition="mean over pixels of 720 sqrt(dI^2 + dT^2 + dP^2), T = Ct / 2, of ICtCp by the PQ "
    "curve, display white at 203 cd/m2. The luminance is part of the number: 100 cd/m2 gives a "
    "tenth less.",
    span="0 to several hundred; 1 is meant to be just noticeable",
    source="ITU-R BT.2124-0, annex 1; BT.2100-2, tables 4 and 7; BT.2408 (203 cd/m2)",
)
