"""Oracles order themselves, find what was planted, and answer on images with nothing in them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from benchmarks.methods.oracles import ORACLES
from benchmarks.methods.oracles.cubes import fit_data_set_lut
from benchmarks.methods.oracles.stored import undo
from luts.colour.transfer import decode_srgb, encode_srgb
from luts.lookup import apply
from luts.lut import Lut3D

ORDERS = [
    ("gain", "channel_gain", "matrix"),
    ("gain", "curve", "three_curves", "lut17", "lut33"),
    ("channel_gain", "three_curves"),
]
MATRIX = np.float32([[0.8, 0.2, 0.0], [0.1, 0.7, 0.2], [0.0, 0.3, 0.6]])


def _psnr(estimate, reference):
    return -10 * np.log10(np.mean((estimate.astype(np.float64) - reference) ** 2) + 1e-12)


def _photo(rng, height=48, width=64):
    """A smooth colourful picture with some texture, (H, W, 3) encoded."""
    y, x = np.mgrid[:height, :width] / max(height, width)
    phases = rng.uniform(0, 6, (3, 2))
    waves = [np.sin(5 * x + p) * np.cos(4 * y + q) for p, q in phases]
    texture = 0.05 * rng.standard_normal((height, width, 3))
    return np.clip(0.5 + 0.4 * np.stack(waves, 2) + texture, 0, 1).astype(np.float32)


def _degradations(reference):
    linear = decode_srgb(reference)
    yield "over", linear * 2.8
    yield "mixed", linear @ MATRIX.T * 0.6
    yield "contrast", linear ** np.float32([1.6, 1.2, 0.9])


def _eight_bits(linear):
    return np.rint(encode_srgb(np.clip(linear, 0, 1)) * 255).astype(np.float32) / 255


@pytest.mark.parametrize("seed", range(2))
def test_a_richer_kind_of_correction_is_never_worse(seed):
    reference = _photo(np.random.default_rng(seed))
    for name, linear in _degradations(reference):
        degraded = _eight_bits(linear)
        score = {
            k: _psnr(ORACLES[f"oracle_{k}"].load()(degraded, reference), reference)
            for k in {name for order in ORDERS for name in order}
        }
        assert score["gain"] >= _psnr(degraded, reference) - 1e-6
        for order in ORDERS:
            for poorer, richer in itertools.pairwise(order):
                assert score[richer] >= score[poorer] - 0.05, (name, poorer, richer)


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize("shape", [(1, 1), (5, 3)])
@pytest.mark.parametrize("level", [0.0, 0.3, 1.0, None])
def test_an_oracle_answers_on_any_image(name, shape, level, rng):
    reference = rng.random((*shape, 3), dtype=np.float32)
    degraded = reference if level is None else np.full_like(reference, level)
    estimate = ORACLES[name].load()(degraded, reference)
    assert estimate.shape == reference.shape and estimate.dtype == np.float32
    assert np.isfinite(estimate).all() and estimate.min() >= 0 and estimate.max() <= 1


@pytest.mark.parametrize("name", ORACLES)
def test_two_sizes_are_refused(name):
    with pytest.raises(ValueError, match="one size"):
        ORACLES[name].load()(np.zeros((4, 4, 3), np.float32), np.zeros((4, 5, 3), np.float32))


@pytest.mark.parametrize("name", ORACLES)
def test_nothing_to_correct_changes_nothing(name, rng):
    reference = _photo(rng)
    estimate = ORACLES[name].load()(reference, reference)
    np.testing.assert_allclose(estimate, reference, atol=2e-3)


def _planted(kind, reference):
    linear = decode_srgb(reference)
    return {
        "gain": lambda: linear / 3,
        "channel_gain": lambda: linear * np.float32([0.9, 0.6, 0.3]),
        "matrix": lambda: linear @ MATRIX.T,
        "curve": lambda: linear**1.4,
        "three_curves": lambda: linear ** np.float32([1.1, 1.5, 0.8]),
    }[kind]()


@pytest.mark.parametrize("kind", ["gain", "channel_gain", "matrix", "curve", "three_curves"])
def test_what_was_planted_is_found_to_float_precision(kind, rng):
    reference = _photo(rng)
    degraded = encode_srgb(_planted(kind, reference)).astype(np.float32)
    estimate = ORACLES[f"oracle_{kind}"].load()(degraded, reference)
    assert _psnr(estimate, reference) > 65


def test_the_best_curve_is_the_isotonic_optimum_of_scikit_learns_definition():
    # Pool-adjacent-violators by hand: 1, 3, 2 -> 1, 2.5, 2.5 (in tenths).
    degraded = np.repeat(np.float32([0.2, 0.4, 0.6])[None, :, None], 3, axis=2)
    reference = np.repeat(np.float32([0.1, 0.3, 0.2])[None, :, None], 3, axis=2)
    estimate = ORACLES["oracle_curve"].load()(degraded, reference)
    np.testing.assert_allclose(estimate[0, :, 0], [0.1, 0.25, 0.25], atol=1e-6)


def test_the_cube_oracle_finds_a_planted_cube(rng):
    axis = np.linspace(0, 1, 9)
    identity = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    bumps = 0.15 * np.stack([np.sin(4 * identity[..., (c + 1) % 3]) - 0.3 for c in range(3)], -1)
    degraded = rng.random((200, 200, 3), dtype=np.float32)
    reference = apply(Lut3D(np.clip(identity + bumps, 0, 1)), degraded, "trilinear")
    estimate = ORACLES["oracle_lut17"].load()(degraded, reference)
    assert _psnr(estimate, reference) > 45


def test_one_cube_for_a_data_set_beats_doing_nothing_on_unseen_images(rng):
    def pair():
        reference = _photo(rng)
        return _eight_bits(decode_srgb(reference) @ MATRIX.T * 0.6), reference

    cube = fit_data_set_lut(pair() for _ in range(4))
    degraded, reference = pair()
    estimate = apply(cube, degraded, "trilinear")
    assert _psnr(estimate, reference) > _psnr(degraded, reference) + 8


def test_a_data_set_cube_needs_a_pair():
    with pytest.raises(ValueError, match="at least one pair"):
        fit_data_set_lut([])


def test_the_stored_lut_is_undone_to_the_rounding_of_the_image(rng):
    reference = (0.05 + 0.9 * _photo(rng)).astype(np.float32)
    axis = np.linspace(0, 1, 17)
    identity = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    lut = Lut3D(
        0.15 + 0.7 * identity**1.3 @ np.array([[0.9, 0.1, 0], [0, 0.9, 0.1], [0.1, 0, 0.9]])
    )
    degraded = np.rint(apply(lut, reference) * 255).astype(np.float32) / 255
    estimate = undo(degraded, lut)
    assert estimate.shape == reference.shape and estimate.dtype == np.float32
    np.testing.assert_allclose(estimate, reference, atol=3 / 255)
    assert _psnr(estimate, reference) > 45 > 30 > _psnr(degraded, reference)
