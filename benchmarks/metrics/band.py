"""Region B: does the correction fade as it should? Edges, halos, bands, leaks, each in its column.

No single number is offered. Edges that are too steep, a rim of the wrong sign and a fade that
never starts are different faults, and a sum of them ranks nonsense. `ev_rmse` is the headline;
these say why. docs/metrics.md shows which failure trips which.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from datagen.regions import labels as masks

from .case import Case
from .exposure import smooth, stops
from .metric import Metric
from .rings import RIM_PX, Profile

LEAST_GAIN = 0.05  # stops: with less to do, there is no ramp to compare an edge with


def edge99(case: Case) -> float:
    """99th percentile of the false edge, in units of the ideal ramp's mean slope."""
    target = case.target
    change = stops(target.ideal.luminance, target.input.luminance)
    gain = abs(float(np.median(change[target.regions == masks.A])))
    if gain < LEAST_GAIN or not target.geometry.count:
        return math.nan
    near = target.geometry.to_band <= RIM_PX
    # The blur's reach and a step more.
    box = tuple(_box(np.asarray(near.any(axis)), 6) for axis in (1, 0))
    luminances = case.estimate.luminance[box], target.ideal.luminance[box]
    down, right = np.gradient(smooth(stops(*luminances), None))
    steepest = np.percentile(np.sqrt(down * down + right * right)[near[box]], 99)
    return float(steepest) * target.geometry.width / gain


def _box(filled: np.ndarray, margin: int) -> slice:
    where = np.flatnonzero(filled)
    return slice(max(0, where[0] - margin), where[-1] + margin + 1)


def span(profile: Profile) -> float:
    """Weight in A's rim minus weight in C's."""
    return float(profile.made[0] - profile.made[-1])


def non_monotone(profile: Profile) -> float:
    """Sum of all rises of the weight on the way out."""
    return float(np.nansum(np.maximum(np.diff(profile.made), 0)))


def overshoot(profile: Profile) -> float:
    """How far the weight leaves [0, 1], above plus below."""
    return float(max(np.nanmax(profile.made) - 1, 0) + max(-np.nanmin(profile.made), 0))


def jump(profile: Profile) -> float:
    """Largest step between neighbouring rings, in units of the ideal's largest."""
    wanted = np.nanmax(np.abs(np.diff(profile.wanted)))
    return float(np.nanmax(np.abs(np.diff(profile.made))) / wanted)


def profile_rmse(profile: Profile) -> float:
    """Root mean square of weight made minus weight wanted, over the rings."""
    return float(np.sqrt(np.nanmean((profile.made - profile.wanted) ** 2)))


def _of_profile(function: Callable[[Profile], float]) -> Callable[[Case], float]:
    """Answer NaN where fewer than half the rings wanted a change large enough to measure."""

    def of_case(case: Case) -> float:
        profile = case.profile
        if profile is None or np.isfinite(np.diff(profile.made)).mean() < 0.5:
            return math.nan
        return function(profile)

    return of_case


_RINGS = (
    "w_k = sum (out - in).(ref - in) / sum |ref - in|^2 in linear light over ring k of the band, "
    "about one ring per pixel of width, with 3-pixel rims of A and C at the ends"
)


def _band_metric(
    name: str,
    label: str,
    convention: str,
    function: Callable[[Case], float],
    *,
    summary: str,
    definition: str,
    span: str,
    higher_is_better: bool = False,
) -> Metric:
    return Metric(
        name=name,
        label=label,
        convention=convention,
        unit="",
        higher_is_better=higher_is_better,
        function=function,
        summary=summary,
        definition=definition,
        span=span,
        source="this project",
        of="case",
        regions=("B",),
    )


BAND = (
    _band_metric(
        "edge99",
        "Edge99",
        "log2,linear-Y,floor0.01,gauss1,p99",
        edge99,
        summary="false edges in the band, in slopes of the ideal ramp",
        definition="99th percentile over B and 3 pixels around it of |grad D| times the band's "
        "width over the median ideal gain in A, D as in ev_rmse. Texture that moved counts, by "
        "design.",
        span="0 to about 20; 1 is as steep as the whole ramp again; NaN when the gain is < 0.05",
    ),
    _band_metric(
        "span",
        "Span",
        "linear,rings",
        _of_profile(span),
        higher_is_better=True,
        summary="how much of the correction is gone from A's rim to C's",
        definition=f"w_A - w_C; {_RINGS}",
        span="1 ideal, 0.5 half strength, 0 for no-op and for a global edit",
    ),
    _band_metric(
        "non_monotone",
        "NonMono",
        "linear,rings",
        _of_profile(non_monotone),
        summary="rises of the correction on its way out",
        definition=f"sum of max(w_(k+1) - w_k, 0); {_RINGS}",
        span="0 and more; 0 for every fade that only falls",
    ),
    _band_metric(
        "overshoot",
        "Over",
        "linear,rings",
        _of_profile(overshoot),
        summary="halo and dark ring",
        definition=f"max(max w - 1, 0) + max(-min w, 0); {_RINGS}",
        span="0 and more",
    ),
    _band_metric(
        "jump",
        "Jump",
        "linear,rings",
        _of_profile(jump),
        summary="largest visible step in the band",
        definition=f"max |w_(k+1) - w_k| over the ideal's; {_RINGS}",
        span="0 and more; 1 ideal, a hard cut about the width of the band, 0 for no-op",
    ),
    _band_metric(
        "profile_rmse",
        "Profile",
        "linear,rings",
        _of_profile(profile_rmse),
        summary="distance of the fade from the ideal one",
        definition=f"root mean square of w_k - alpha_k; {_RINGS}",
        span="0 and more",
    ),
)
