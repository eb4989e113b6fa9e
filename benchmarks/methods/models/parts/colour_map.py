"""A map of colours from pairs of colours, fitted in three ways.

J. Messerly, "Colored Lighting Removal with VAEs", 2023 (web article), part 3, fits a small network
or a polynomial of degree 5 to the pixels of two pictures that share their blur; the lattice is that
of `luts fit`. All three fit the change of a colour and are restrained, so that colours which the
pictures do not show are changed like those nearest to them, or little.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations_with_replacement

import numpy as np
from scipy.optimize import minimize

from luts.lattice import normal_equations, solve
from luts.lookup import apply
from luts.lut import Lut3D, nodes

ColourMap = Callable[[np.ndarray], np.ndarray]
"""(N, 3) float32 encoded colours in [0, 1] to (N, 3) float32, not clipped."""

FLAT = 1 / 255  # standard deviation of colours, one level: with less there is nothing to fit
DEGREE = 5
RIDGE = 1e-3  # per pixel, on polynomial coefficients
HIDDEN = 32
DECAY = 1e-4  # per pixel, on the squared weights of the network
MLP_PIXELS = 4096
MLP_STEPS = 100
SEED = 20
LATTICE = 17
SMOOTHNESS = 1.0


class SingularFitError(ValueError):
    """Colours that are all the same: no map can be fitted."""


def fit(kind: str, seen: np.ndarray, before: np.ndarray, after: np.ndarray) -> ColourMap:
    """Fit the map that takes the colours of one picture to those of another.

    Parameters
    ----------
    kind : key of MAPS
    seen : (N, 3) encoded, the picture that is to be mapped; says whether there is anything to fit
    before, after : (N, 3) encoded, pixel by pixel; values outside [0, 1] are clipped

    Raises SingularFitError without pixels, when all of `seen` is a single colour to within a level
    of eight bits, and when a picture is not finite.
    """
    if not len(seen):
        raise SingularFitError("no pixels")
    if seen.std(axis=0).max() < FLAT:
        raise SingularFitError("a single colour")
    if not (np.isfinite(before).all() and np.isfinite(after).all()):
        raise SingularFitError("decoded to values that are not finite")
    return MAPS[kind](*(each.clip(0, 1).astype(np.float32) for each in (before, after)))


def fit_polynomial(before: np.ndarray, after: np.ndarray) -> ColourMap:
    """All 56 monomials up to degree 5 of the three channels, least squares with a ridge."""
    terms = _monomials(before)
    gram = terms.T @ terms + RIDGE * len(before) * np.eye(terms.shape[1])
    weights = np.linalg.solve(gram, terms.T @ (after - before).astype(np.float64))
    return lambda colours: (colours + _monomials(colours) @ weights).astype(np.float32)


def _monomials(colours: np.ndarray) -> np.ndarray:
    """(N, 56) float64: products of up to DEGREE of the channels, each scaled to [-1, 1]."""
    channels = (2 * colours.astype(np.float64) - 1).T
    products: dict[tuple[int, ...], np.ndarray] = {(): np.ones(len(colours))}
    for degree in range(1, DEGREE + 1):
        for chosen in combinations_with_replacement(range(3), degree):
            products[chosen] = products[chosen[:-1]] * channels[chosen[-1]]
    return np.stack(list(products.values()), axis=1)


def fit_mlp(before: np.ndarray, after: np.ndarray) -> ColourMap:
    """One hidden layer of 32 ReLU, fitted by L-BFGS to 4096 of the pixels."""
    step = -(-len(before) // MLP_PIXELS)
    x, wanted = before[::step].astype(np.float64), (after - before)[::step].astype(np.float64)
    rng = np.random.default_rng(SEED)
    # Every unit bends somewhere among the colours; none counts yet.
    drawn = rng.normal(0, 1, (3, HIDDEN))
    places = -(x[rng.integers(len(x), size=HIDDEN)] * drawn.T).sum(1)
    start = np.concatenate([drawn.ravel(), places, np.zeros(3 * HIDDEN + 3)])

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        inner, bends, outer, offset = _unpack(parameters)
        hidden = np.maximum(x @ inner + bends, 0)
        miss = hidden @ outer + offset - wanted
        value = (miss**2).sum() / (2 * len(x)) + DECAY / 2 * (parameters**2).sum()
        miss /= len(x)
        back = (miss @ outer.T) * (hidden > 0)
        slopes = (x.T @ back, back.sum(0), hidden.T @ miss, miss.sum(0))
        return value, np.concatenate([s.ravel() for s in slopes]) + DECAY * parameters

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": MLP_STEPS})
    inner, bends, outer, offset = (part.astype(np.float32) for part in _unpack(found.x))
    return lambda colours: colours + np.maximum(colours @ inner + bends, 0) @ outer + offset


def _unpack(parameters: np.ndarray) -> tuple[np.ndarray, ...]:
    inner, bends, outer, offset = np.split(parameters, np.cumsum([3 * HIDDEN, HIDDEN, 3 * HIDDEN]))
    return inner.reshape(3, HIDDEN), bends, outer.reshape(HIDDEN, 3), offset


def fit_lut(before: np.ndarray, after: np.ndarray) -> ColourMap:
    """A cube of 17 nodes per axis with its second differences penalised, as `luts fit`."""
    equations = normal_equations(before, after - before, LATTICE)
    table = nodes(LATTICE) + solve(equations, SMOOTHNESS)
    lut = Lut3D(table)
    return lambda colours: apply(lut, colours, "trilinear")


MAPS: dict[str, Callable[[np.ndarray, np.ndarray], ColourMap]] = {
    "mlp": fit_mlp,
    "polynomial": fit_polynomial,
    "lut": fit_lut,
}
