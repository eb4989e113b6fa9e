"""Warp: the colour cube bent as a whole, smoothly, onto itself.

The displacement is a uniform tri-cubic B-spline whose control displacements keep within 0.4033 of
their spacing along each axis, which makes the map injective. Faces of the cube slide within
themselves, so nothing leaves the cube either: a warp neither folds nor clips. (Blurred noise on
the nodes, the usual generator, folds almost every time.)

References
----------
Choi and Lee, "Injectivity conditions of 2D and 3D uniform cubic B-spline functions", Graphical
Models 62(6), 2000, theorem 2: |displacement| < h / 2.479472335 along each axis.
"""

from __future__ import annotations

import numpy as np

from .family import Family, Parameters

CELLS = 3
BOUND = 1 / 2.479472335 / CELLS
_POINTS = CELLS + 3
_TILE = 2048  # colours at a time: their 108 control values each stay in cache
# Grids of control values (below 1/8) and of weights: their products and sums are exact in float64,
# so that the first contraction may be a matrix product, which adds in an order of its own.
_CONTROL_STEP, _WEIGHT_STEP = 2.0**-26, 2.0**-24


def draw(rng: np.random.Generator) -> Parameters:
    """Control displacements within half of the bound: a drift per channel, and noise on it."""
    drift = rng.uniform(-0.3, 0.3, 3)
    noise = rng.uniform(-0.2, 0.2, (_POINTS, _POINTS, _POINTS, 3))
    return {"control": (BOUND * (drift + noise)).round(6).tolist()}


def basis(x: np.ndarray) -> np.ndarray:
    """Weights (..., 6) of the control points -1/3, 0, ..., 4/3 at x (...) in [0, 1]."""
    cell = np.minimum((x * CELLS).astype(int), CELLS - 1)
    t = x * CELLS - cell
    four = np.stack(
        [
            (1 - t) * (1 - t) * (1 - t),
            (3 * t - 6) * t * t + 4,
            1 + 3 * t * (1 + t * (1 - t)),
            t * t * t,
        ],
        axis=-1,
    )
    weights = np.zeros((*x.shape, _POINTS))
    np.put_along_axis(weights, cell[..., None] + np.arange(4), four / 6, axis=-1)
    return weights


def pin_faces(control: np.ndarray) -> np.ndarray:
    """Odd-mirror displacements across the faces they cross: there they are zero."""
    control = control.copy()
    for axis in range(3):
        normal = np.moveaxis(control[..., axis], axis, 0)
        normal[[1, -2]] = 0
        normal[[0, -1]] = -normal[[2, -3]]
    return control


def apply(encoded: np.ndarray, parameters: Parameters, strength: float = 1.0) -> np.ndarray:
    """Displace colours. Parameters: control, (6, 6, 6, 3) displacements indexed [r, g, b, c].

    Colours outside the cube move as the nearest point of its surface does.
    """
    control = pin_faces(np.asarray(parameters["control"])).reshape(_POINTS, -1).T
    control = np.rint(control / _CONTROL_STEP) * _CONTROL_STEP
    colours = np.clip(encoded, 0, 1).reshape(-1, 3)
    moved = np.empty_like(colours)
    for start in range(0, len(colours), _TILE):
        weights = np.ascontiguousarray(basis(colours[start : start + _TILE]).transpose(1, 2, 0))
        red, green, blue = np.rint(weights / _WEIGHT_STEP) * _WEIGHT_STEP
        along = _contracted((control @ red).reshape(_POINTS, 3 * _POINTS, -1), green)
        moved[start : start + _TILE] = _contracted(along.reshape(_POINTS, 3, -1), blue).T
    return encoded + strength * moved.reshape(encoded.shape)


def _contracted(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weigh (6, M, n) values by (6, n) and add them up in turn: (M, n)."""
    total = values[0] * weights[0]
    for value, weight in zip(values[1:], weights[1:], strict=True):
        total += value * weight
    return total


def limit(parameters: Parameters) -> float:
    """The strength that brings the largest displacement to the bound."""
    return float(BOUND / max(np.abs(parameters["control"]).max(), 1e-9))


WARP = Family(
    draw,
    apply,
    limit,
    "the whole cube bent smoothly: never folds, never clips",
    how="B-spline displacement within Choi and Lee's bound, faces pinned: a bijection of the cube",
    drawn="6³ control vectors",
)
