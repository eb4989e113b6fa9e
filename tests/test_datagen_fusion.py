"""The fused reference: against the paper's formula, its promises, its twin on tensors."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from datagen.develop.auto_exposure import auto_exposure
from datagen.references import auto_torch, fusion_torch
from datagen.references.fusion import FLOOR, SIGMA, exposure_steps, fusion, luminance
from datagen.references.pyramid import depth_of, double, halve
from datagen.references.tables import encoded_by_root, root_gain, steps_of
from datagen.references.tone_order import TOLERANCE, disjoint_pairs, keep_order
from luts.colour.transfer import decode_srgb, encode_srgb

CODE = 1 / 255


def worst_inversion(tone: np.ndarray, light: np.ndarray) -> float:
    """By how much the darker of two neighbours in `light` is the brighter in `tone`, at most.

    Parameters
    ----------
    tone, light : (H, W) float
    """
    worst = 0.0
    for one, two in disjoint_pairs(*tone.shape):
        wrong = (tone[two] - tone[one]) * np.sign(light[one] - light[two])
        worst = max(worst, float(wrong.max(initial=0.0)))
    return worst


def room(height=64, width=96, *, seed=0):
    """A dark room with texture, a window 2**6 brighter, a lamp beyond any exposure, black."""
    rng = np.random.default_rng(seed)
    walls = 0.01 * (1 + 0.5 * rng.random((height, width, 3)))
    walls *= np.linspace(0.5, 2, width)[None, :, None] * np.array([1.0, 0.9, 0.7])
    top, left = height // 6, width // 3
    walls[top : top + height // 3, left : left + width // 3] *= np.array([50, 64, 80])
    walls[: height // 12, : width // 12] = 1e5
    walls[-max(2, height // 16) :, :] = 0
    return walls.astype(np.float32)


def planes(picture):
    return np.moveaxis(picture, -1, 0)


def test_one_pixel_is_the_weighted_mean_of_the_paper():
    """Without neighbours there is no pyramid: the formula by hand."""
    light = np.array([[[0.20, 0.05, 0.02]]], np.float32)
    gains = 2.0 ** (np.array(exposure_steps(luminance(planes(light)))) / 64)
    shown = encode_srgb(np.clip(gains[:, None] * np.float64(light[0, 0]), 0, 1))
    bell = np.exp(-((shown - 0.5) ** 2) / (2 * SIGMA**2)).prod(-1)
    weights = FLOOR * (shown.std(-1) + FLOOR) * bell
    expected = (weights[:, None] * shown).sum(0) / weights.sum()
    assert fusion(light)[0, 0] == pytest.approx(expected, abs=1e-4)


def test_exposures_span_the_light():
    """From the 95th percentile at 0.5 to the 5th at 0.18, seven, evenly spaced."""
    light = np.float32(2.0 ** -np.linspace(0, 8, 101)).reshape(1, -1)  # percentiles are entries
    steps = exposure_steps(light)
    assert steps[0] / 64 == pytest.approx(np.log2(0.5) + 8 * 0.05, abs=1 / 128)
    assert steps[-1] / 64 == pytest.approx(np.log2(0.18) + 8 * 0.95, abs=1 / 128)
    assert len(steps) == 7 and np.ptp(np.diff(steps)) <= 1
    assert exposure_steps(light * 0) == []


@pytest.mark.parametrize("size", [(64, 96), (128, 192), (255, 383)])
def test_neighbours_keep_their_order(size):
    light = room(*size)
    shown = fusion(light)
    assert worst_inversion(luminance(planes(shown)), luminance(planes(light))) <= 1.05 * TOLERANCE


def test_black_stays_black_and_white_white():
    light = room()
    shown = fusion(light)
    assert shown.min() == 0 and shown.max() == 1
    assert (shown[(light == 0).all(-1)] == 0).all()
    assert (shown[(light == 1e5).all(-1)] == 1).all()
    lit = (light > 0).all(-1)
    assert (shown[lit].mean(-1) > 0).all()


def test_what_a_sensor_cut_off_is_white():
    light = np.minimum(room() * 6, 1)  # the window fills the sensor and a ninth of the picture
    cut = (light == 1).all(-1)
    assert cut.any()
    assert (fusion(light, white=1.0)[cut] == 1).all()
    assert fusion(light)[cut].min() < 0.97  # unless one says so, it is a light grey wall


def test_a_gain_changes_nothing():
    light = room()
    for gain in (0.125, 3.0, 64.0):
        np.testing.assert_allclose(fusion(light * np.float32(gain)), fusion(light), atol=4 * CODE)


def test_small_and_large_pictures_look_alike():
    """The blend follows the picture, not its pixels: fused small, or fused and made small."""
    rng = np.random.default_rng(3)
    light = room(48, 72)
    large = np.repeat(np.repeat(light, 8, 0), 8, 1) * (1 + 0.02 * rng.random((384, 576, 3)))
    shown = decode_srgb(fusion(large.astype(np.float32))).reshape(48, 8, 72, 8, 3).mean((1, 3))
    error = encode_srgb(shown) - fusion(light)
    assert np.sqrt((error**2).mean()) < 0.03


def test_no_halo_around_a_window():
    """Beside a window 100 times as bright, a flat wall is as bright as a tenth further away."""
    light = np.full((96, 144, 3), 0.01, np.float32)
    light[30:60, 50:90] = 1.0
    shown = fusion(light)[..., 0]
    for inside, near, far in (((45, 70), (62, 70), (72, 70)), ((45, 70), (45, 92), (45, 102))):
        assert abs(shown[near] - shown[far]) < 5 * CODE
        assert shown[inside] - shown[near] > 0.5
    assert np.ptp(shown[light[..., 0] < 0.5]) < 24 * CODE  # over the whole wall


@pytest.mark.parametrize(
    "light", [np.zeros((8, 8, 3)), np.full((1, 1, 3), 5.0), np.eye(9)[..., None] * np.ones(3)]
)
def test_odd_light_has_a_picture(light):
    shown = fusion(light.astype(np.float32))
    assert shown.shape == light.shape and np.isfinite(shown).all()
    assert shown.min() >= 0 and shown.max() <= 1


def test_refuses_what_is_no_light():
    with pytest.raises(ValueError, match=r"takes \(H, W, 3\), got \(4, 4\)"):
        fusion(np.zeros((4, 4)))
    with pytest.raises(ValueError, match="finite"):
        fusion(np.full((4, 4, 3), np.nan))
    with pytest.raises(ValueError, match=r"takes \(B, 3, H, W\)"):
        fusion_torch.fusion(torch.zeros(4, 4, 3))


def test_on_tensors_within_one_code():
    pictures = [room(seed=0), room(seed=1) * 7, np.zeros((64, 96, 3), np.float32)]
    batch = torch.from_numpy(np.stack([planes(picture) for picture in pictures]))
    for white in (None, 1.0):
        shown = fusion_torch.fusion(batch, white=white).numpy()
        for picture, twin in zip(pictures, shown, strict=True):
            np.testing.assert_allclose(planes(fusion(picture, white=white)), twin, atol=CODE)
    alone = fusion_torch.fusion(batch[1:2]).numpy()
    np.testing.assert_array_equal(alone[0], fusion_torch.fusion(batch).numpy()[1])


def test_auto_on_tensors_is_auto():
    pictures = [room(seed=0), room(seed=1) * 7, np.zeros((64, 96, 3), np.float32)]
    batch = torch.from_numpy(np.stack([planes(picture) for picture in pictures]))
    stops = auto_torch.auto_exposure(batch).tolist()
    assert stops == pytest.approx([auto_exposure(picture) for picture in pictures], abs=1.1e-3)
    expected = encode_srgb(np.clip(pictures[0] * 2.0 ** stops[0], 0, 1))
    np.testing.assert_allclose(auto_torch.auto(batch)[0].numpy(), planes(expected), atol=1e-4)


def test_tables():
    """Encoded codes by root; steps of 1/64 EV back and forth."""
    rows = np.arange(16385)
    np.testing.assert_allclose(encoded_by_root(), encode_srgb((rows / 16384) ** 2), atol=1e-7)
    assert (np.diff(encoded_by_root()) > 0).all()
    for steps in (-700, -64, -1, 0, 1, 63, 64, 129):
        assert steps_of(2.0 ** (steps / 64)) == steps
        assert root_gain(steps) == pytest.approx(2.0 ** (steps / 128), rel=1e-6)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 4), (64, 96)])
def test_pyramid_keeps_a_flat_picture_and_a_ramp(size):
    flat = np.full((2, *size), 0.3, np.float32)
    np.testing.assert_allclose(double(halve(flat), size), flat, atol=1e-6)
    assert depth_of((4000, 6000)) == 10 and depth_of((64, 96)) == 5 and depth_of((1, 9)) == 0
    ramp = np.tile(np.arange(64, dtype=np.float32), (64, 1))
    np.testing.assert_allclose(double(halve(ramp), (64, 64))[:, 4:-4], ramp[:, 4:-4], atol=1e-4)


def test_order_is_restored_near_where_it_was():
    light = np.tile(np.arange(32, dtype=np.float32), (4, 1))
    tone = light / 31
    tone[:, 10:14] -= 0.2
    mended = keep_order(tone, light)
    assert worst_inversion(tone, light) > 0.15
    assert worst_inversion(mended, light) <= 1.05 * TOLERANCE
    assert np.abs(mended - tone).max() < 0.2
    assert mended.mean() == pytest.approx(tone.mean(), abs=1e-5)
    np.testing.assert_array_equal(keep_order(light / 31, light), light / 31)
