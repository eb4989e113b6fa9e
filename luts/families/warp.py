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
_TILE = 8192  # colours at a time: their 108 control values each stay in cache


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
        [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, 1 + 3 * t * (1 + t * (1 - t)), t**3], axis=-1
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
    control = pin_faces(np.asarray(parameters["control"])).reshape(_POINTS, -1)
    colours = np.clip(encoded, 0, 1).reshape(-1, 3)
    moved = np.empty_like(colours)
    for start in range(0, len(colours), _TILE):
        red, green, blue = np.moveaxis(basis(colours[start : start + _TILE]), 1, 0)
        along = (red @ control).reshape(-1, _POINTS, 3 * _POINTS)
        along = (green[:, None] @ along).reshape(-1, _POINTS, 3)
        moved[start : start + _TILE] = (blue[:, None] @ along)[:, 0]
    return encoded + strength * moved.reshape(encoded.shape)


def limit(parameters: Parameters) -> float:
    """The strength that brings the largest displacement to the bound."""
    return float(BOUND / max(np.abs(parameters["control"]).max(), 1e-9))


WARP = Family(draw, apply, limit, "the whole cube bent smoothly: never folds, never clips")
