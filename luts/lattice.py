"""Fit a 3D lattice of values to scattered colours: the linear algebra behind fitted LUTs.

A trilinear lattice is linear in its nodes, so the best one solves the normal equations
(A'A + s D'D) t = A'y, where the rows of A hold the eight trilinear weights of a pixel and D takes
second differences along the three axes. A'A only couples the corners of one cell, so it is summed
cell by cell from small dense products, whatever the number of pixels.

The equations are stiff (a plate bent over a few points), so they are solved by conjugate gradients
with a multigrid preconditioner: 20 to 45 rounds for any image.

References
----------
Baker, Falgout, Kolev & Yang, Multigrid smoothers for ultraparallel computing, SIAM J. Sci. Comput.
33, 2011 (l1-Jacobi). Tatebe, The multigrid preconditioned conjugate gradient method, 1993.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

CHUNK = 1 << 20  # pixels handled at once: about 250 MB
LARGEST_SIZE = 41  # 40^3 cells still have 16-bit numbers, which sort in linear time
TOLERANCE = 1e-4  # of the residual, relative to the right-hand side
MAX_ITERATIONS = 400
COARSEST = 5  # nodes per axis of the lattice that is inverted outright
# Pulls nodes no pixel reaches towards 0, relative to the mean weight of a node.
RIDGE = 1e-9
_CORNERS = np.array([(r, g, b) for r in (0, 1) for g in (0, 1) for b in (0, 1)])


@dataclass(frozen=True, eq=False)
class NormalEquations:
    """A'A and A'y of one or more images; add two to fit both together.

    matrix : (size^3, size^3) sparse, symmetric
    right : (size^3, channels) float64
    pixels : how many were summed
    """

    size: int
    matrix: sp.csr_array
    right: np.ndarray
    pixels: int

    def __add__(self, other: NormalEquations) -> NormalEquations:
        if self.size != other.size:
            raise ValueError(f"lattices of {self.size} and {other.size} nodes do not add")
        return NormalEquations(
            self.size,
            self.matrix + other.matrix,
            self.right + other.right,
            self.pixels + other.pixels,
        )


def normal_equations(colours: np.ndarray, targets: np.ndarray, size: int) -> NormalEquations:
    """Sum the normal equations of a lattice over pixels.

    Parameters
    ----------
    colours : (N, 3) float in [0, 1], where in the lattice the pixels are
    targets : (N, C) float, what the lattice should give there
    size : nodes per axis, 2 to 41
    """
    if not 2 <= size <= LARGEST_SIZE:
        raise ValueError(f"a lattice has 2 to {LARGEST_SIZE} nodes per axis, got {size}")
    channels = targets.shape[1]
    cells = (size - 1) ** 3
    sums = np.zeros((cells, 8, 8 + channels))
    for start in range(0, len(colours), CHUNK):
        part = slice(start, start + CHUNK)
        _add_cell_sums(sums, colours[part], targets[part], size)
    used = np.flatnonzero(sums[:, :, :8].sum((1, 2)))
    nodes = _cell_corners(used, size)
    rows = np.repeat(nodes, 8, axis=1).ravel()
    columns = np.tile(nodes, (1, 8)).ravel()
    matrix = sp.coo_array(
        (sums[used, :, :8].ravel(), (rows, columns)), shape=(size**3, size**3)
    ).tocsr()
    right = np.stack(
        [
            np.bincount(nodes.ravel(), sums[used, :, 8 + c].ravel(), minlength=size**3)
            for c in range(channels)
        ],
        axis=1,
    )
    return NormalEquations(size, matrix, right, len(colours))


def solve(equations: NormalEquations, smoothness: float) -> np.ndarray:
    """Solve the regularised normal equations: multigrid-preconditioned conjugate gradients.

    Parameters
    ----------
    equations : sums over all the pixels
    smoothness : weight of the squared second differences against the data. It is scaled by the
        mean number of pixels per node, so one value suits any image size.

    Returns
    -------
    (size, size, size, C) float64, indexed [r, g, b]. Where no pixel falls it continues smoothly.
    The squared error at the pixels is never above that of a lattice of zeros.
    """
    size, right = equations.size, equations.right
    scale = equations.pixels / size**3
    matrix = equations.matrix + (smoothness * scale) * second_difference_penalty(size)
    matrix = sp.csr_array(matrix + (RIDGE * scale) * sp.eye_array(size**3))
    return _conjugate_gradients(matrix, right, size).reshape(size, size, size, -1)


def second_difference_penalty(size: int) -> sp.csr_array:
    """Return D'D of the second differences along r, g and b, (size^3, size^3) sparse."""
    if size < 3:
        return sp.csr_array((size**3, size**3))
    line = sp.diags_array([1.0, -2.0, 1.0], offsets=[0, 1, 2], shape=(size - 2, size))
    bend, keep = (line.T @ line).tocsr(), sp.eye_array(size, format="csr")
    along = ((bend, keep, keep), (keep, bend, keep), (keep, keep, bend))
    return sp.csr_array(sum(sp.kron(sp.kron(r, g, "csr"), b, "csr") for r, g, b in along))


def _locate(colours: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the cell number of each colour (N,) uint16 and its place inside it (N, 3)."""
    place = colours * (size - 1)
    low = np.minimum(place.astype(np.uint16), size - 2)
    cells = size - 1
    number = (low[:, 0] * cells + low[:, 1]) * cells + low[:, 2]  # below 2^16 by LARGEST_SIZE
    return number, place - low


def _cell_corners(cell: np.ndarray, size: int) -> np.ndarray:
    """Return the eight node numbers of each cell, (N, 8), in the order of _CORNERS."""
    index = np.stack(np.unravel_index(cell, (size - 1,) * 3), axis=-1)
    strides = np.array([size * size, size, 1])
    return (index @ strides)[:, None] + _CORNERS @ strides


def _add_cell_sums(sums: np.ndarray, colours: np.ndarray, targets: np.ndarray, size: int) -> None:
    """Add w w' and w y' of every pixel to its cell, one small matrix product per cell."""
    cell, offset = _locate(colours, size)
    order = np.argsort(cell, kind="stable")
    cell, offset = cell[order], offset[order].astype(np.float64).T
    rows = np.empty((len(cell), 8 + targets.shape[1]))
    r, g, b = offset
    for column, (high_r, high_g, high_b) in enumerate(_CORNERS):
        rows[:, column] = (
            (r if high_r else 1 - r) * (g if high_g else 1 - g) * (b if high_b else 1 - b)
        )
    rows[:, 8:] = targets[order]
    starts = np.flatnonzero(np.diff(cell, prepend=np.int64(-1)))
    for begin, end in zip(starts, [*starts[1:], len(cell)], strict=True):
        block = rows[begin:end]
        sums[cell[begin]] += block[:, :8].T @ block


def _conjugate_gradients(matrix: sp.csr_array, right: np.ndarray, size: int) -> np.ndarray:
    """Solve for all the columns at once from zero, each with its own step lengths."""
    levels = _multigrid(matrix, size)
    x, residual = np.zeros_like(right), right
    goal = TOLERANCE * np.linalg.norm(right, axis=0)
    search = scaled = _v_cycle(levels, residual)
    energy = (residual * scaled).sum(0)
    for _ in range(MAX_ITERATIONS):
        if (np.linalg.norm(residual, axis=0) <= goal).all():
            break
        image = matrix @ search
        curvature = (search * image).sum(0)
        step = np.divide(energy, curvature, out=np.zeros_like(energy), where=curvature > 0)
        x = x + step * search
        residual = residual - step * image
        scaled = _v_cycle(levels, residual)
        fresh = (residual * scaled).sum(0)
        ratio = np.divide(fresh, energy, out=np.zeros_like(energy), where=energy > 0)
        search, energy = scaled + ratio * search, fresh
    return x


@dataclass(frozen=True, eq=False)
class _Level:
    """One lattice of the multigrid preconditioner.

    `prolong` interpolates from the next coarser level; `inverse` is dense on the coarsest.
    """

    matrix: sp.csr_array
    smoother: np.ndarray
    prolong: sp.csr_array | None
    inverse: np.ndarray | None


def _multigrid(matrix: sp.csr_array, size: int) -> list[_Level]:
    """Halve the lattice until it is small enough to invert (Galerkin: P'AP)."""
    levels = []
    while size > COARSEST:
        line = _interpolation((size + 1) // 2, size)
        prolong = sp.kron(sp.kron(line, line, "csr"), line, "csr")
        # Dividing by the sum of a row's magnitudes never overshoots (l1-Jacobi).
        smoother = 1 / abs(matrix).sum(axis=1)[:, None]
        levels.append(_Level(matrix, smoother, prolong, None))
        matrix, size = sp.csr_array(prolong.T @ matrix @ prolong), (size + 1) // 2
    levels.append(_Level(matrix, np.empty(0), None, np.linalg.inv(matrix.toarray())))
    return levels


def _v_cycle(levels: list[_Level], right: np.ndarray) -> np.ndarray:
    """Solve roughly: smooth, correct from the coarser lattices, smooth. Symmetric, so CG may."""
    level, *coarser = levels
    if level.prolong is None:
        return level.inverse @ right
    x = level.smoother * right
    x += level.prolong @ _v_cycle(coarser, level.prolong.T @ (right - level.matrix @ x))
    x += level.smoother * (right - level.matrix @ x)
    return x


def _interpolation(coarse: int, fine: int) -> sp.csr_array:
    """Linear interpolation from a line of `coarse` nodes to one of `fine`, (fine, coarse)."""
    place = np.linspace(0, coarse - 1, fine)
    return sp.csr_array(np.clip(1 - np.abs(place[:, None] - np.arange(coarse)), 0, None))
