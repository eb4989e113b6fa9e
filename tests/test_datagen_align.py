"""Alignment: a shift is measured to a fraction of a pixel, and what does not fit is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from datagen.images.align import align_to, shift
from luts.colour.transfer import decode_srgb


def textured(size: tuple[int, int] = (160, 200), seed: int = 4) -> np.ndarray:
    rng = np.random.default_rng(seed)
    smooth = gaussian_filter(rng.normal(size=(size[0] * 4, size[1] * 4, 3)), (6, 6, 0))
    return ((smooth - smooth.min()) / np.ptp(smooth)).astype(np.float32)


def shrink(values: np.ndarray) -> np.ndarray:
    height, width = values.shape[0] // 4, values.shape[1] // 4
    return values.reshape(height, 4, width, 4, 3).mean((1, 3)).astype(np.float32)


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (2, -4), (4, 8), (-6, 1)])
def test_a_shift_of_quarter_pixels_is_measured(dx, dy):
    """The truth is made by shifting whole pixels at four times the size."""
    fine = textured()
    moved = np.roll(fine, (dy, dx), axis=(0, 1))
    found_x, found_y, response = shift(shrink(moved), shrink(fine))
    assert (found_x, found_y) == pytest.approx((dx / 4, dy / 4), abs=0.2)
    assert response > 0.3


def test_a_retouch_does_not_look_like_a_shift():
    picture = shrink(textured())
    retouched = np.clip(picture**0.6 * np.float32([1.1, 0.95, 0.8]), 0, 1)
    dx, dy, response = shift(retouched, picture)
    assert np.hypot(dx, dy) < 0.05 and response > 0.3


def test_a_reference_of_the_same_shape_is_brought_to_size():
    fine = textured()
    small = align_to(fine, (160, 200), guide=decode_srgb(shrink(fine)))
    np.testing.assert_allclose(small.encoded, shrink(fine), atol=1e-6)
    assert small.proven and small.enlarged == 1


def test_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"200 x 150 pixels do not have the shape .* 200 x 160"):
        align_to(shrink(textured())[:150], (160, 200), guide=np.zeros((160, 200, 3), np.float32))


def test_a_shifted_reference_is_refused():
    picture = shrink(textured())
    moved = np.roll(picture, 3, axis=1)
    with pytest.raises(ValueError, match=r"shifted by \+3.0\d, .* pixels; 1 is allowed"):
        align_to(moved, (160, 200), guide=decode_srgb(picture))


def darkened(picture, rng, mean=0.03):
    """As a night shot: little light, and noise."""
    light = decode_srgb(picture) * np.float32(mean / decode_srgb(picture).mean())
    noisy = light + rng.normal(0, 0.01, light.shape) * np.sqrt(np.maximum(light, 1e-3))
    return np.float32(np.clip(noisy, 0, 1))


def test_a_true_pair_is_proven_in_the_dark_and_another_picture_is_not(rng):
    """Found over true and swapped pairs: 0.55 or more against 0.16 or less."""
    for seed in range(4):
        picture = shrink(textured(seed=seed))
        other = shrink(textured(seed=seed + 10))
        guide = darkened(picture, rng)
        assert align_to(picture, (160, 200), guide=guide).proven
        try:
            assert not align_to(other, (160, 200), guide=guide).proven
        except ValueError as error:
            assert "shifted" in str(error)


@pytest.mark.parametrize(
    ("axes", "word"), [(1, "mirrored$"), (0, "top to bottom"), ((0, 1), "upside down")]
)
def test_a_turned_reference_is_named(rng, axes, word):
    picture = shrink(textured())
    with pytest.raises(ValueError, match=f"is .*{word}"):
        align_to(np.flip(picture, axes).copy(), (160, 200), guide=darkened(picture, rng))


def test_an_enlarged_reference_says_how_far():
    picture = shrink(textured())
    small = shrink(picture)
    assert align_to(small, (160, 200), guide=decode_srgb(picture)).enlarged == 4
