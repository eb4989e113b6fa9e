"""Angular error: the colour cast that is left, whatever the exposure."""

from __future__ import annotations

import numpy as np

from .metric import Metric, weighted_mean
from .picture import Comparison, in_strips

BLACK = 1 / 255


def angular_error(comparison: Comparison, weight: np.ndarray | None) -> float:
    """Mean angle between linear RGB vectors, degrees."""
    angle = comparison.once(_angles)
    seen = (angle >= 0).astype(angle.dtype)
    return weighted_mean(angle, seen if weight is None else weight * seen)


def _angles(comparison: Comparison) -> np.ndarray:
    return in_strips(_angle, comparison.estimate.linear, comparison.reference.linear)


def _angle(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Angle of every pixel, -1 where a vector is too short to have one.

    atan2 of the cross and the dot product: acos gives up to 0.03 degrees in float32 for equal
    vectors.
    """
    (r1, g1, b1), (r2, g2, b2) = (np.ascontiguousarray(np.moveaxis(v, 2, 0)) for v in (one, two))
    x, y, z = g1 * b2 - b1 * g2, b1 * r2 - r1 * b2, r1 * g2 - g1 * r2
    angle = np.degrees(np.arctan2(np.sqrt(x * x + y * y + z * z), r1 * r2 + g1 * g2 + b1 * b2))
    lengths = r1 * r1 + g1 * g1 + b1 * b1, r2 * r2 + g2 * g2 + b2 * b2
    return np.where(np.minimum(*lengths) >= BLACK**2, angle, -1).astype(angle.dtype)


ANGULAR_ERROR = Metric(
    name="angular_error",
    label="angle",
    digits=2,
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
