"""Whether a cube can be undone: the exact Jacobian of its tetrahedral interpolation.

Tetrahedral interpolation is affine in each of the 6 (n-1)^3 tetrahedra, so its Jacobian there is
the 3x3 of node differences over the grid step, and the signs of all determinants decide exactly
whether two inputs share an output. Trilinear interpolation would need a bound on a polynomial.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np

# Axes in the order in which a tetrahedron's corners are reached from the cell's dark corner.
PATHS = tuple(permutations(range(3)))

# |det| up to this is flat: six decimals in a file make 1e-5 of noise where a table is constant.
FLAT = 1e-4


def determinants(table: np.ndarray) -> np.ndarray:
    """Return how much each tetrahedron of a cube grows or shrinks volume.

    Parameters
    ----------
    table : (n, n, n, 3) float, indexed [red, green, blue, channel]

    Returns
    -------
    (6, n-1, n-1, n-1) float32, tetrahedra in the order of PATHS; 1 for the identity, negative
    where the cube folds over itself, 0 where it is crushed to a surface, a line or a point.

    Examples
    --------
    >>> lattice = np.stack(np.meshgrid(*3 * [np.linspace(0, 1, 5)], indexing="ij"), axis=-1)
    >>> float(determinants(lattice).min()), float(determinants(1 - lattice).max())
    (1.0, -1.0)
    """
    size = len(table)
    # Channels first: every operation below runs along contiguous memory.
    planes = np.ascontiguousarray(np.moveaxis(table, -1, 0), np.float32) * np.float32(size - 1)
    steps = [np.diff(planes, axis=axis) for axis in (1, 2, 3)]
    result = np.empty((len(PATHS), *(size - 1,) * 3), np.float32)
    for target, path in zip(result, PATHS, strict=True):
        red, green, blue = (_edge(steps, path, axis) for axis in range(3))
        target[...] = red[0] * (green[1] * blue[2] - green[2] * blue[1])
        target -= red[1] * (green[0] * blue[2] - green[2] * blue[0])
        target += red[2] * (green[0] * blue[1] - green[1] * blue[0])
    return result


def _edge(steps: list[np.ndarray], path: tuple[int, ...], axis: int) -> np.ndarray:
    """The differences along `axis` that a path meets: (3, n-1, n-1, n-1), channels first."""
    before = path[: path.index(axis)]
    edges = steps[axis]
    for other in range(3):
        if other != axis:
            part = slice(1, None) if other in before else slice(None, -1)
            edges = edges[(slice(None),) * (other + 1) + (part,)]
    return edges


def determinants_at(determinants: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Pick the determinant of the tetrahedron that each colour lies in.

    Parameters
    ----------
    determinants : result of `determinants`
    colours : (m, 3) in [0, 1]

    Returns
    -------
    (m,) float32
    """
    cells = determinants.shape[1]
    position = np.asarray(colours) * cells
    cell = np.minimum(position.astype(np.intp), cells - 1)
    order = np.argsort(-(position - cell), axis=1, kind="stable")
    # Permutations come sorted, so a path's place follows from its first two axes.
    path = 2 * order[:, 0] + (order[:, 1] > order[:, 2])
    return determinants[(path, *cell.T)]
