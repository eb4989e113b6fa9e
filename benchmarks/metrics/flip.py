"""FLIP, a perceptual difference for alternating two images in place, by NVIDIA's own package."""

from __future__ import annotations

import numpy as np

from .metric import Metric, weighted_mean
from .picture import Comparison

PIXELS_PER_DEGREE = 67.02  # the package's default: 0.7 m from a 0.7 m wide 4K monitor


def flip(comparison: Comparison, weight: np.ndarray | None) -> float:
    """Mean of the LDR-FLIP map; outside a region both images are black, and so without error."""
    import flip_evaluator

    images = [comparison.reference.encoded, comparison.estimate.encoded]
    if weight is not None:
        if not weight.any():
            return float("nan")
        images = [image * (weight > 0)[..., None] for image in images]
    error, _, _ = flip_evaluator.evaluate(
        *(np.ascontiguousarray(image, dtype=np.float32) for image in images),
        "LDR",
        inputsRGB=True,
        applyMagma=False,
        computeMeanError=False,
        parameters={"ppd": PIXELS_PER_DEGREE},
    )
    return weighted_mean(np.asarray(error).reshape(comparison.estimate.encoded.shape[:2]), weight)


FLIP = Metric(
    name="flip",
    label="FLIP",
    convention=f"ldr,ppd{PIXELS_PER_DEGREE}",
    unit="",
    higher_is_better=False,
    function=flip,
    summary="LDR-FLIP, perceptual difference between two alternated images",
    definition="mean of NVIDIA's FLIP map at 67.02 pixels per degree; in a region, over its "
    "pixels, with both images black outside. Slow: asked for by name.",
    span="0 to 1; a uniform change of exposure dominates it",
    source="Andersson et al., Proc. ACM CGIT 3(2), 2020; package flip-evaluator",
    region_rule="masked",
    by_default=False,
)
