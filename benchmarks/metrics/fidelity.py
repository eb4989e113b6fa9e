"""Region C: did the method keep its hands off? Worst pixels, unchanged pixels, leaked light."""

from __future__ import annotations

import numpy as np

from luts.colour.colorimetry import delta_e_2000, encoded_to_lab

from .case import Case
from .exposure import smooth, stops
from .metric import Metric, percentile, weighted_mean
from .picture import Comparison, in_strips

CODE = 1 / 255
FAR_PX = 10
JUMP = 2.0  # CIEDE2000: float32 was never seen off by more than a tenth of this
LEAK_SIGMA = 2.0  # unsmoothed, noise of two codes alone looks like 4 to 8 % leakage


def unchanged(comparison: Comparison, weight: np.ndarray | None) -> float:
    """Share of pixels no channel of which moved by more than one 8-bit code."""
    same = comparison.once(_largest_step) <= CODE + 1e-6
    return weighted_mean(same.astype(comparison.estimate.encoded.dtype), weight)


def largest_codes(comparison: Comparison, weight: np.ndarray | None) -> float:
    """Largest change of any channel, in 8-bit codes."""
    return percentile(comparison.once(_largest_step), weight, 100) / CODE


def _largest_step(comparison: Comparison) -> np.ndarray:
    return in_strips(_step, comparison.estimate.encoded, comparison.reference.encoded)


def _step(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    step = np.abs(one - two)
    return np.maximum(np.maximum(step[..., 0], step[..., 1]), step[..., 2])


def delta_e_p99(comparison: Comparison, weight: np.ndarray | None) -> float:
    """99th percentile of CIEDE2000."""
    return percentile(comparison.delta_e_2000, weight, 99)


def delta_e_max(comparison: Comparison, weight: np.ndarray | None) -> float:
    """Largest CIEDE2000, in float64: in float32 one jump of the formula could be the maximum."""
    rough = comparison.delta_e_2000
    if weight is not None:
        rough = np.where(weight >= 0.5, rough, -np.inf)
    if rough.max() <= 0:
        return float("nan") if rough.max() < 0 else 0.0
    near = rough >= rough.max() - JUMP
    images = comparison.estimate.encoded[near], comparison.reference.encoded[near]
    labs = (encoded_to_lab(image.astype(np.float64)) for image in images)
    return float(delta_e_2000(*labs).max())


def leakage(case: Case) -> float:
    """Share of the exposure change, over the frame, that fell into C."""
    gain = _gain(case)
    return _share(gain, case.target.parts["C"])


def _share(values: np.ndarray, weight: np.ndarray) -> float:
    """Part of a map's sum that a region holds; NaN when the map is zero."""
    total = values.sum(dtype=np.float64)
    return float((values * weight).sum(dtype=np.float64) / total) if total > 0 else float("nan")


def far_leak(case: Case) -> float:
    """Mean exposure change in C further than FAR_PX pixels from the band."""
    far = case.target.geometry.outside > FAR_PX
    return weighted_mean(_gain(case), far)


def _gain(case: Case) -> np.ndarray:
    gain = stops(case.estimate.luminance, case.target.input.luminance)
    return np.abs(smooth(gain, None, LEAK_SIGMA))


_INPUT = "compared with the input, which is what region C wants"
UNCHANGED = Metric(
    name="unchanged",
    label="unchanged",
    convention="rgb,1code",
    unit="share",
    higher_is_better=True,
    function=unchanged,
    summary="share of pixels that stayed within one 8-bit code",
    definition=f"share of pixels with max over channels |d| <= 1/255, {_INPUT}",
    span="0 to 1",
    source="this project",
    regions=("C",),
)
LARGEST_CODES = Metric(
    name="largest_codes",
    label="largest step",
    digits=1,
    convention="rgb,8bit",
    unit="codes",
    higher_is_better=False,
    function=largest_codes,
    summary="largest change of a channel, in 8-bit codes",
    definition=f"255 max |d| over pixels and channels, {_INPUT}",
    span="0 to 255",
    source="this project",
    regions=("C",),
)
DELTA_E_P99, DELTA_E_MAX = (
    Metric(
        name=f"delta_e_2000_{word}",
        label=f"ΔE00 {label}",
        digits=2,
        convention=f"d65,{convention}",
        unit="",
        higher_is_better=False,
        function=function,
        summary=f"{text} CIEDE2000 difference",
        definition=f"{text} over pixels of CIEDE2000, {_INPUT}",
        span="0 to about 120",
        source="Sharma, Wu and Dalal, Color Research and Application 30(1), 2005",
        regions=("C",),
        version=version,
    )
    for word, label, convention, function, text, version in (
        ("p99", "P99", "p99", delta_e_p99, "99th percentile", 1),
        # Version 1 took pixels outside the region as well when the largest was below JUMP.
        ("max", "max", "max,float64", delta_e_max, "largest", 2),
    )
)
LEAKAGE = Metric(
    name="leakage",
    label="leakage",
    convention="log2,linear-Y,floor0.01,gauss2",
    unit="share",
    higher_is_better=False,
    function=leakage,
    summary="share of the exposure change that fell into region C",
    definition="sum over C of |G| / sum over the frame of |G|, G the log2 ratio of output and "
    "input luminance, each lifted by 0.01, blurred by sigma 2 pixels",
    span="0 to 1; NaN when the output is the input",
    source="this project",
    of="case",
    regions=("C",),
)
FAR_LEAK = Metric(
    name="far_leak",
    label="far leak",
    convention=f"log2,linear-Y,floor0.01,gauss2,over{FAR_PX}px",
    unit="stops",
    higher_is_better=False,
    function=far_leak,
    summary=f"mean exposure change in C, more than {FAR_PX} pixels from the band",
    definition=f"mean of |G| of `leakage` over pixels of C more than {FAR_PX} pixels from A and B",
    span="0 to about 7 stops; NaN when C has no such pixel",
    source="this project",
    of="case",
    regions=("C",),
)
