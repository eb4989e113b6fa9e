"""Angular error: the colour cast that is left, whatever the exposure."""

from __future__ import annotations

import numpy as np

from .metric import Metric, weighted_mean
from .picture import Comparison

BLACK = 1 / 255


def angular_error(comparison: Comparison, weight: np.ndarray | None) -> float:
    """Mean angle between linear RGB vectors, degrees."""
    angle, bright = comparison.once(_angles)
    return weighted_mean(angle, bright if weight is None else weight * bright)


def _angles(comparison: Comparison) -> tuple[np.ndarray, np.ndarray]:
    """Angle of every pixel, and where both vectors are long enough to have one.

    atan2 of the cross and the dot product: acos gives up to 0.03 degrees in float32 for equal
    vectors.
    """
    one, two = comparison.estimate.linear, comparison.reference.linear
    (r1, g1, b1), (r2, g2, b2) = (np.ascontiguousarray(np.moveaxis(v, 2, 0)) for v in (one, two))
    x, y, z = g1 * b2 - b1 * g2, b1 * r2 - r1 * b2, r1 * g2 - g1 * r2
    angle = np.degrees(np.arctan2(np.sqrt(x * x + y * y + z * z), r1 * r2 + g1 * g2 + b1 * b2))
    lengths = r1 * r1 + g1 * g1 + b1 * b1, r2 * r2 + g2 * g2 + b2 * b2
    return angle, (np.minimum(*lengths) >= BLACK**2).astype(angle.dtype)


ANGULAR_ERROR = Metric(
    name="angular_error",
    convention="linear,atan2,over1/255",
    unit="degrees",
    higher_is_better=False,
    function=angular_error,
    summary="mean angle between linear RGB vectors, blind to exposure",
    definition="mean over pixels of atan2(|a x b|, a . b) in scene-linear sRGB; pixels where "
    "either vector is shorter than 1/255 have no colour to speak of and are left out",
    span="0 to 90 degrees; NaN when every pixel is black",
    source="Hordley and Finlayson, JOSA A 23(5), 2006",
)
