"""What makes an estimate acceptable: its type, size and range, and the words where it is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

# Encoded values this far out are no overshoot of a picture in [0, 1] any more.
FAR = 8.0
# Nor is a picture below black in the mean: it is one in [-1, 1].
BELOW = -0.05
DIVIDE = {"uint8": "; divide by 255", "uint16": "; divide by 65535"}


class BadEstimateError(ValueError):
    """An estimate that cannot be scored: wrong size, type or range, or not finite."""


def checked(raw: Any, degraded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An estimate as (H, W, 3) float32 in [0, 1], and its facts; raises BadEstimateError."""
    if hasattr(raw, "detach"):  # a tensor
        raw = raw.detach().cpu()
        raw = (raw.float() if raw.is_floating_point() else raw).numpy()  # numpy has no bfloat16
    if isinstance(raw, tuple | dict):
        raise BadEstimateError(f"returned a {type(raw).__name__}; give an array (H, W, 3)")
    estimate = np.asarray(raw)
    if estimate.dtype.kind in "biu":
        raise BadEstimateError(
            f"returned {estimate.dtype} values; allowed are floating-point numbers from 0 to 1"
            + DIVIDE.get(estimate.dtype.name, "")
        )
    if estimate.dtype.kind != "f":
        what = f"{estimate.dtype} values" if estimate.shape else f"a {type(raw).__name__}"
        raise BadEstimateError(f"returned {what}; give a floating-point array (H, W, 3)")
    if estimate.shape != degraded.shape:
        raise BadEstimateError(other_shape(estimate.shape, degraded.shape))
    estimate = estimate.astype(np.float32)  # a copy: a method may return what it was given
    finite = bool(np.isfinite(estimate).all())
    found = [finite, estimate.min(), estimate.max(), estimate.mean(dtype=np.float64)]
    facts = np.array(found, np.float32)
    if words := problem(facts.tolist()):
        raise BadEstimateError(words)
    return estimate.clip(0, 1, out=estimate), facts[None]


def problem(facts: Sequence[float]) -> str:
    """What is wrong with an estimate of these facts, see `runners.Estimates`; "" is nothing."""
    finite, low, high, mean = map(float, facts)
    if not finite:
        return "returned values that are not finite"
    if -1 <= low < -0.5 and high <= 1 and mean < BELOW:
        words = f"returned values from {low:.4g} to {high:.4g} with a mean of {mean:.2g}"
        return f"{words}; allowed are 0 to 1; add 1 and divide by 2"
    if max(high, -low) <= FAR and mean <= 2:
        return ""
    remedy = "; divide by their largest code" if low >= -1 else ""
    remedy = "; divide by 255" if low >= -1 and high <= 256 else remedy
    return f"returned values from {low:.4g} to {high:.4g}; allowed are 0 to 1{remedy}"


def other_shape(found: Sequence[int], wanted: Sequence[int]) -> str:
    """Say that an estimate is of another shape than its input, and how to mend it."""
    found, wanted = tuple(found), tuple(wanted)
    hint = ""
    if len(found) == len(wanted) and found != wanted and sorted(found) == sorted(wanted):
        hint = "; give its axes in that order"
    elif found == wanted[:-1] or found[:-1] == wanted[:-1]:
        hint = "; give three channels"
    elif found == (1, *wanted):
        hint = "; give one picture, no batch"
    return f"returned {found} for an input {wanted}{hint}"
