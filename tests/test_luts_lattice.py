"""The lattice fit against dense linear algebra."""

from __future__ import annotations

import numpy as np
import pytest

from luts.lattice import normal_equations, second_difference_penalty, solve


def _dense_system(colours, size):
    """Trilinear weights by their definition, one tent per axis, as a dense matrix."""
    place = colours[:, :, None] * (size - 1) - np.arange(size)
    tent = np.clip(1 - np.abs(place), 0, None)
    return np.einsum("ni,nj,nk->nijk", *tent.transpose(1, 0, 2)).reshape(len(colours), -1)


def test_the_lattice_fit_is_the_dense_least_squares_solution(rng):
    size, colours = 4, rng.random((300, 3))
    targets = rng.standard_normal((300, 2))
    weights = _dense_system(colours, size)
    bend = np.zeros((size - 2, size))
    for row in range(size - 2):
        bend[row, row : row + 3] = 1, -2, 1
    one = np.eye(size)
    rough = [
        np.einsum("ai,bj,ck->abcijk", *axes).reshape(-1, size**3)
        for axes in ((bend, one, one), (one, bend, one), (one, one, bend))
    ]
    scale = np.sqrt(0.01 * len(colours) / size**3)
    stacked = np.vstack([weights, *(scale * r for r in rough)])
    right = np.vstack([targets, np.zeros((len(stacked) - 300, 2))])
    expected = np.linalg.lstsq(stacked, right, rcond=None)[0].reshape(size, size, size, 2)
    got = solve(normal_equations(colours, targets, size), 0.01)
    np.testing.assert_allclose(got, expected, atol=2e-4)


def test_normal_equations_of_two_images_add(rng):
    colours, targets = rng.random((200, 3)), rng.random((200, 3))
    whole = normal_equations(colours, targets, 5)
    parts = normal_equations(colours[:80], targets[:80], 5) + normal_equations(
        colours[80:], targets[80:], 5
    )
    np.testing.assert_allclose(parts.matrix.toarray(), whole.matrix.toarray(), atol=1e-9)
    np.testing.assert_allclose(parts.right, whole.right, atol=1e-9)
    with pytest.raises(ValueError, match="do not add"):
        whole + normal_equations(colours, targets, 6)


def test_a_lattice_larger_than_the_coarsest_solves_to_the_same_answer(rng):
    colours, targets = rng.random((3000, 3)), rng.standard_normal((3000, 3))
    equations = normal_equations(colours, targets, 12)
    got = solve(equations, 0.05).reshape(-1, 3)
    scale = 3000 / 12**3
    dense = (equations.matrix + 0.05 * scale * second_difference_penalty(12)).toarray()
    np.testing.assert_allclose(got, np.linalg.solve(dense, equations.right), atol=5e-3)


def test_a_lattice_of_one_node_is_refused():
    with pytest.raises(ValueError, match="2 to 41"):
        normal_equations(np.zeros((1, 3)), np.zeros((1, 3)), 1)
