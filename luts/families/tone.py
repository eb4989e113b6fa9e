"""Tone: one rising curve on all three channels, in the encoded domain."""

from __future__ import annotations

import numpy as np

from ..tool import exact
from .family import Family, Parameters

KNOTS = 8
MIN_SLOPE, MAX_SLOPE = 0.25, 4.0  # of the chords between knots, identity = 1


def draw_increments(rng: np.random.Generator, lean: float, concentration: float) -> list[float]:
    """Draw the rises of a monotone curve between equally spaced knots; they sum to 1.

    Dirichlet increments cannot fall, whatever is drawn. Half of them lean to one side (brighter or
    darker) and half to an S or its inverse, because independent rises mostly cancel.

    Parameters
    ----------
    rng : the draw's own generator
    lean : largest log of the ratio between a leaning curve's steepest chord and the mean one
    concentration : of the Dirichlet distribution; the larger, the smoother
    """
    x = (np.arange(KNOTS) + 0.5) / KNOTS
    shape = [1 - 2 * x, 1 - 4 * np.abs(x - 0.5)][rng.integers(2)]
    slope = exact.exp(rng.uniform(-lean, lean) * shape)
    return rng.dirichlet(concentration * slope).tolist()


def scale(increments: list[float], strength: float) -> np.ndarray:
    """Move increments along the line from the identity's (all 1/K) through the drawn ones."""
    even = 1 / len(increments)
    return even + strength * (np.asarray(increments) - even)


def curve(x: np.ndarray, increments: np.ndarray) -> np.ndarray:
    """Evaluate the monotone cubic (PCHIP) through the running sum of increments.

    Parameters
    ----------
    x : (...) float, the curve's own range is [0, 1]; outside it the end tangents continue
    increments : (K,) float > 0, rises between knots 0, 1/K, ..., 1

    References
    ----------
    Fritsch and Butland, "A method for constructing local monotone piecewise cubic interpolants",
    SIAM J. Sci. Stat. Comput. 5(2), 1984: harmonic mean slopes inside; end slopes by the
    three-point formula, held to the sign and to three times the end chord.
    """
    count = len(increments)
    chord = np.asarray(increments, float) * count
    slope = np.empty(count + 1)
    slope[1:-1] = 2 * chord[:-1] * chord[1:] / (chord[:-1] + chord[1:])
    slope[0] = np.clip(1.5 * chord[0] - 0.5 * chord[1], 0, 3 * chord[0])
    slope[-1] = np.clip(1.5 * chord[-1] - 0.5 * chord[-2], 0, 3 * chord[-1])
    knots = np.concatenate([[0.0], np.cumsum(increments)])

    inside = np.clip(x, 0, 1)
    cell = np.minimum((inside * count).astype(int), count - 1)
    t = inside * count - cell
    left, right, rise = slope[cell], slope[cell + 1], chord[cell]
    cubic = t * (left + t * (3 * rise - 2 * left - right + t * (left + right - 2 * rise)))
    beyond = np.where(x < 0, slope[0] * x, slope[-1] * np.maximum(x - 1, 0))
    return knots[cell] + cubic / count + beyond


def draw(rng: np.random.Generator) -> Parameters:
    """One curve, up to a full stop or so from the identity at mid grey."""
    return {"increments": draw_increments(rng, lean=1.0, concentration=8.0)}


def apply(encoded: np.ndarray, parameters: Parameters, strength: float = 1.0) -> np.ndarray:
    """Bend every channel by one curve. Parameters: increments, K rises that sum to 1."""
    return curve(encoded, scale(parameters["increments"], strength))


def limit_increments(increments: list[float]) -> float:
    """The strength at which a chord's slope reaches 1/4 or 4, so that 8 bits keep most levels."""
    slope = np.asarray(increments) * len(increments)
    down, up = 1 - slope.min(), slope.max() - 1
    return float(min((1 - MIN_SLOPE) / max(down, 1e-6), (MAX_SLOPE - 1) / max(up, 1e-6)))


def limit(parameters: Parameters) -> float:
    """The largest strength: that of `limit_increments`."""
    return limit_increments(parameters["increments"])


TONE = Family(
    draw,
    apply,
    limit,
    "a wrong contrast curve: too dark, too bright, flat or harsh",
    how="one rising curve: Dirichlet increments, monotone cubic, chord slopes of 1/4 to 4",
    drawn="eight increments",
)
