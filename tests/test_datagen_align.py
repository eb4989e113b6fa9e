"""Alignment: a shift is measured to a fraction of a pixel, and what does not fit is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from datagen.images.align import align_to, shift
from luts.colour.transfer import decode_srgb


def textured(size: tuple[int, int] = (160, 200)) -> np.ndarray:
    rng = np.random.default_rng(4)
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
    np.testing.assert_allclose(small, shrink(fine), atol=1e-6)


def test_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"200 x 150 pixels do not have the shape .* 200 x 160"):
        align_to(shrink(textured())[:150], (160, 200), guide=np.zeros((160, 200, 3), np.float32))


def test_a_shifted_reference_is_refused():
    picture = shrink(textured())
    moved = np.roll(picture, 3, axis=1)
    with pytest.raises(ValueError, match=r"shifted by \+3.0\d, .* pixels; 1 is allowed"):
        align_to(moved, (160, 200), guide=decode_srgb(picture))
