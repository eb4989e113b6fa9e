"""models.parts.bgu: the solver against a dense one, slicing, exact cases, refusals."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
import torch

from benchmarks.methods.models import ModelError
from benchmarks.methods.models.parts.bgu import (
    CURVATURE,
    TETHER,
    _apply_on_device,
    fit_bgu,
    upsample_like,
)
from benchmarks.methods.models.parts.bilateral_grid import apply_bgu

SMALL = (6, 6, 8)
AFFINE = np.array([[1.2, 0.1, 0], [0, 0.8, 0.1], [0.1, 0, 0.9], [0.02, 0.03, -0.01]])


def dense_fit(low_input, low_output, grid, spatial=1.0, curvature=CURVATURE):
    """Every row of the problem written out as the released code states it, solved by lstsq."""
    height, width = low_input.shape[:2]
    gy, gx, gz = grid
    at = np.arange(gy * gx * gz * 4).reshape(gy, gx, gz, 4)
    rows, right = [], []

    def add(entries, value=(0, 0, 0)):
        row = np.zeros(at.size)
        for index, weight in entries:
            row[index] += weight
        rows.append(row)
        right.append(value)

    for i, j in np.ndindex(height, width):
        pixel = low_input[i, j]
        luma = 0.25 * pixel[0] + 0.5 * pixel[1] + 0.25 * pixel[2]
        place = (i + 0.5) * (gy - 1) / height, (j + 0.5) * (gx - 1) / width, luma * (gz - 1)
        entries = []
        for node in np.ndindex(gy, gx, gz):
            tent = np.prod([max(0, 1 - abs(p - n)) for p, n in zip(place, node, strict=True)])
            entries += [(at[node][k], tent * v) for k, v in enumerate([*pixel, 1])]
        add(entries, low_output[i, j])
    cell_y, cell_x, cell_z = height / gy, width / gx, 1 / gz
    for y, x, z, k in np.ndindex(at.shape):
        if y + 1 < gy:
            w = spatial * cell_x * cell_z / cell_y
            add([(at[y, x, z, k], -w), (at[y + 1, x, z, k], w)])
        if x + 1 < gx:
            w = spatial * cell_y * cell_z / cell_x
            add([(at[y, x, z, k], -w), (at[y, x + 1, z, k], w)])
        w = curvature * cell_y * cell_x / cell_z**2
        around = [(n, w) for n in (z - 1, z + 1) if 0 <= n < gz]
        add([(at[y, x, n, k], v) for n, v in [*around, (z, -w * len(around))]])
        add([(at[y, x, z, k], TETHER**0.5)], TETHER**0.5 * np.eye(4, 3)[k])
    solution, *_ = np.linalg.lstsq(np.array(rows), np.array(right), rcond=None)
    return solution.reshape(gy, gx, gz, 4, 3)


@pytest.mark.parametrize("grid", [(3, 2, 3), (2, 3, 4), (3, 3, 2)])
def test_the_fit_is_the_dense_least_squares_solution(rng, grid):
    low_input, low_output = rng.random((2, 9, 8, 3))
    ours = fit_bgu(low_input, low_output, grid=grid, curvature=1e-3)
    np.testing.assert_allclose(
        ours, dense_fit(low_input, low_output, grid, curvature=1e-3), atol=1e-5
    )


def test_default_weights_are_solved_as_exactly(rng):
    """Rows from 4e-7 to 1: the normal equations must not lose the weak ones."""
    low_input, low_output = rng.random((2, 10, 10, 3))
    grid = fit_bgu(low_input, low_output, grid=(3, 3, 3))
    wanted = dense_fit(low_input, low_output, (3, 3, 3))
    np.testing.assert_allclose(
        apply_bgu(grid, low_input.astype(np.float32)),
        apply_bgu(wanted, low_input.astype(np.float32)),
        atol=1e-5,
    )


def test_an_affine_correction_is_found_and_applied_exactly(rng):
    low_input = cv2.resize(rng.random((12, 12, 3)), (200, 200), interpolation=cv2.INTER_LINEAR)
    grid = fit_bgu(low_input, low_input @ AFFINE[:3] + AFFINE[3])
    full = cv2.resize(low_input.astype(np.float32), (431, 277), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(apply_bgu(grid, full), full @ AFFINE[:3] + AFFINE[3], atol=1e-4)


def test_a_curve_of_luma_and_a_gain_per_place_come_back(rng):
    ramp = np.linspace(0.02, 0.98, 200)
    low_input = np.repeat((ramp[:, None] * np.ones(200))[..., None], 3, axis=2)
    low_output = low_input**0.6 * (0.7 + 0.3 * ramp[None, :, None])
    found = apply_bgu(fit_bgu(low_input, low_output, grid=SMALL), low_input.astype(np.float32))
    assert np.abs(found - low_output)[10:].max() < 0.01  # the slope at black is infinite


@pytest.mark.parametrize("colour", [(0.4, 0.4, 0.4), (0, 0, 0), (1, 1, 1), (0.9, 0.1, 0.3)])
def test_a_flat_picture_keeps_what_it_says_nothing_about(colour):
    low_input = np.full((60, 60, 3), colour, float)
    grid = fit_bgu(low_input, 0.5 * low_input + 0.2, grid=SMALL)
    assert np.isfinite(grid).all()
    flat = low_input.astype(np.float32)
    np.testing.assert_allclose(apply_bgu(grid, flat), 0.5 * flat + 0.2, atol=1e-4)
    same = fit_bgu(low_input, low_input, grid=SMALL)
    other = np.float32([[[0.2, 0.6, 0.9], [0.8, 0.7, 0.1]]])
    np.testing.assert_allclose(apply_bgu(same, other), other, atol=1e-4)


def test_slicing_is_trilinear(rng):
    grid = rng.random((3, 4, 5, 4, 3)).astype(np.float32)
    full = rng.random((37, 53, 3)).astype(np.float32)
    found = apply_bgu(grid, full)
    for i, j in ((0, 0), (36, 52), (17, 20), (5, 44)):
        pixel = full[i, j].astype(float)
        place = (
            (i + 0.5) * 2 / 37,
            (j + 0.5) * 3 / 53,
            (0.25 * pixel[0] + 0.5 * pixel[1] + 0.25 * pixel[2]) * 4,
        )
        matrix = np.zeros((4, 3))
        for node in itertools.product(*(range(n) for n in grid.shape[:3])):
            tent = np.prod([max(0, 1 - abs(p - n)) for p, n in zip(place, node, strict=True)])
            matrix += tent * grid[node]
        np.testing.assert_allclose(found[i, j], [*pixel, 1] @ matrix, atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (3, 9000), (300, 211)])
def test_both_ways_to_apply_agree(rng, size):
    grid = rng.random((5, 6, 4, 4, 3)).astype(np.float32)
    full = rng.random((*size, 3)).astype(np.float32) * 1.2 - 0.1  # luma beyond both ends
    on_device = _apply_on_device(torch.from_numpy(grid), torch.from_numpy(full).permute(2, 0, 1))
    np.testing.assert_allclose(apply_bgu(grid, full), on_device.permute(1, 2, 0), atol=2e-5)


def test_batches_are_upsampled_one_by_one(rng):
    thumbnails = torch.from_numpy(rng.random((2, 3, 40, 40)).astype(np.float32))
    factors = torch.tensor([0.5, 1.5])[:, None, None, None]
    full = torch.from_numpy(rng.random((2, 3, 70, 50)).astype(np.float32))
    found = upsample_like(thumbnails, factors * thumbnails, full)
    torch.testing.assert_close(found, factors * full, atol=1e-2, rtol=0)


def test_what_cannot_be_fitted_is_refused(rng):
    image = rng.random((20, 20, 3))
    with pytest.raises(ModelError, match=r"two \(h, w, 3\) thumbnails"):
        fit_bgu(image, image[:10])
    with pytest.raises(ModelError, match="finite"):
        fit_bgu(image, np.full_like(image, np.nan))
    with pytest.raises(ModelError, match="at least 2 x 2 x 2"):
        fit_bgu(image, image, grid=(1, 4, 4))
    with pytest.raises(ModelError, match="must be positive"):
        fit_bgu(image, image, spatial=0)
    with pytest.raises(ModelError, match=r"\(gy, gx, gz, 4, 3\)"):
        apply_bgu(np.zeros((2, 2, 2, 3, 4)), image)
    with pytest.raises(ModelError, match=r"a picture is \(H, W, 3\)"):
        apply_bgu(np.zeros((2, 2, 2, 4, 3)), image[..., 0])
    with pytest.raises(ModelError, match="uint8"):
        apply_bgu(np.zeros((2, 2, 2, 4, 3)), np.zeros((9, 9, 3), np.uint8))
    with pytest.raises(ModelError, match="integers"):
        fit_bgu(np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9, 3), np.uint8))
