"""The sRGB curve against the standard, colour-science and its own inverse."""

from __future__ import annotations

import colour
import numpy as np
import pytest

from luts.colour.transfer import decode_srgb, encode_srgb


def test_the_curve_is_the_one_of_the_standard():
    linear = np.linspace(0, 1, 4001)
    expected = colour.cctf_encoding(linear, function="sRGB")
    np.testing.assert_allclose(encode_srgb(linear), expected, atol=1e-12)


def test_white_stays_white_and_black_stays_black():
    np.testing.assert_allclose(encode_srgb(np.array([0.0, 1.0])), [0, 1], atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_decoding_undoes_encoding_outside_the_display_range_too(dtype, rng):
    linear = rng.uniform(-0.5, 4, 10_000).astype(dtype)
    back = decode_srgb(encode_srgb(linear))
    assert back.dtype == dtype
    np.testing.assert_allclose(back, linear, atol=2e-6 if dtype == np.float32 else 1e-12)


def test_the_curve_rises_everywhere():
    assert (np.diff(encode_srgb(np.linspace(-1, 2, 100_001))) > 0).all()


def test_integers_are_refused_rather_than_taken_for_light():
    with pytest.raises(TypeError, match="takes floats in \\[0, 1\\], got uint8"):
        encode_srgb(np.array([128], np.uint8))
