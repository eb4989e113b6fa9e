"""Blended methods: exact outside the band, between the two inside it."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.harness.predict import predictor
from benchmarks.methods.blend import blend
from benchmarks.methods.blended import BLENDED
from benchmarks.methods.classical import CLASSICAL
from benchmarks.methods.models.cards import CARDS
from datagen.dataset.read import Pair
from luts.colour.transfer import decode_srgb, encode_srgb


def _regions(height=40, width=48):
    y, x = np.ogrid[:height, :width]
    away = np.hypot(y - height / 2, x - width / 2)
    return np.where(away < 10, 2, np.where(away < 16, 1, 0)).astype(np.uint8)


def test_every_global_method_has_a_local_version():
    hosts = {method.blend_of for method in BLENDED.values()}
    assert hosts == CLASSICAL.keys() | CARDS.keys()
    assert all(method.region_aware for method in BLENDED.values())


@pytest.mark.parametrize("name", CLASSICAL)
def test_a_blended_method_leaves_c_alone_and_is_the_method_in_a(name, rng):
    encoded = 0.5 * rng.random((40, 48, 3), dtype=np.float32)
    regions = _regions()
    pair = Pair("noise", encoded, encoded, regions)
    local = predictor(f"{name}+blend", BLENDED[f"{name}+blend"])(pair, encoded)
    globally = predictor(name, CLASSICAL[name])(pair, encoded)
    np.testing.assert_array_equal(local[regions == 0], encoded[regions == 0])
    np.testing.assert_array_equal(local[regions == 2], globally[regions == 2])
    low, high = np.minimum(encoded, globally), np.maximum(encoded, globally)
    assert (local >= low - 1e-6).all() and (local <= high + 1e-6).all()


def test_the_middle_of_the_band_is_half_way_in_linear_light():
    # One row: A at 0, C at 4; the pixel at 2 is as far from both, so alpha is smoothstep(0.5).
    regions = np.uint8([[2, 1, 1, 1, 0]])
    dark, bright = np.full((1, 5, 3), 0.2, np.float32), np.full((1, 5, 3), 0.8, np.float32)
    middle = blend(bright, dark, regions)[0, 2, 0]
    mean = (decode_srgb(np.float32(0.2)) + decode_srgb(np.float32(0.8))) / 2
    assert middle == pytest.approx(float(encode_srgb(mean)), abs=1e-6)


def test_two_sizes_are_refused():
    image = np.zeros((4, 4, 3), np.float32)
    with pytest.raises(ValueError, match="one size"):
        blend(image, image, np.zeros((4, 5), np.uint8))
