"""Every classical method on every kind of image, and each against its definition."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from benchmarks.classical import CLASSICAL

SIZES = [(1, 1), (1, 9), (9, 1), (2, 3), (5, 4), (17, 33), (1, 300)]


def _colourful(shape, seed=7):
    return np.random.default_rng(seed).random((*shape, 3), dtype=np.float32)


def _assert_image(estimate, encoded):
    assert estimate.shape == encoded.shape
    assert estimate.dtype == np.float32
    assert np.isfinite(estimate).all()
    assert estimate.min() >= 0 and estimate.max() <= 1


@pytest.mark.parametrize("name", CLASSICAL)
@pytest.mark.parametrize("shape", SIZES)
def test_any_size_gives_a_finite_image_of_the_same_size(name, shape):
    encoded = _colourful(shape)
    _assert_image(CLASSICAL[name].load()(encoded), encoded)


@pytest.mark.parametrize("name", CLASSICAL)
@pytest.mark.parametrize("level", [0.0, 1e-4, 0.25, 0.5, 1.0])
def test_a_constant_image_gives_a_finite_constant(name, level):
    encoded = np.full((24, 31, 3), level, np.float32)
    estimate = CLASSICAL[name].load()(encoded)
    _assert_image(estimate, encoded)
    assert np.ptp(estimate, axis=(0, 1)).max() < 1.5 / 255


@pytest.mark.parametrize("name", CLASSICAL)
@pytest.mark.parametrize("primary", range(3))
def test_a_single_colour_channel_gives_a_finite_image(name, primary):
    encoded = np.zeros((16, 20, 3), np.float32)
    encoded[..., primary] = np.linspace(0, 1, 20, dtype=np.float32)
    _assert_image(CLASSICAL[name].load()(encoded), encoded)


@pytest.mark.parametrize("name", CLASSICAL)
def test_a_grey_image_stays_grey(name):
    ramp = np.linspace(0.05, 0.6, 40 * 30, dtype=np.float32).reshape(30, 40)
    estimate = CLASSICAL[name].load()(np.repeat(ramp[..., None], 3, axis=2))
    assert np.ptp(estimate, axis=2).max() < 1.5 / 255  # OpenCV's 8-bit Lab is off by one code


@pytest.mark.parametrize("name", CLASSICAL)
def test_the_input_is_left_alone_and_the_answer_repeats(name):
    encoded = _colourful((21, 18))
    before = encoded.copy()
    method = CLASSICAL[name].load()
    np.testing.assert_array_equal(method(encoded), method(encoded))
    np.testing.assert_array_equal(encoded, before)


@pytest.mark.parametrize("name", CLASSICAL)
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.zeros((4, 4), np.float32), r"\(H, W, 3\)"),
        (np.zeros((0, 4, 3), np.float32), r"\(H, W, 3\)"),
        (np.full((4, 4, 3), np.nan, np.float32), r"\[0, 1\]"),
        (np.full((4, 4, 3), 1.5, np.float32), r"\[0, 1\]"),
        (np.zeros((4, 4, 3), np.uint8), "float32"),
    ],
)
def test_what_is_not_an_encoded_image_is_refused(name, wrong, message):
    with pytest.raises((TypeError, ValueError), match=message):
        CLASSICAL[name].load()(wrong)


@pytest.mark.parametrize("name", CLASSICAL)
def test_the_summary_says_what_the_method_works_on(name):
    assert CLASSICAL[name].kind == "classical"
    assert CLASSICAL[name].summary.rstrip().endswith("]")


@pytest.mark.parametrize("shape", [(40, 64), (37, 51), (9, 200)])
def test_equalisation_is_opencv_exactly(shape):
    encoded = _colourful(shape) ** 2
    codes = np.rint(encoded * 255).astype(np.uint8)
    lab, ycc = cv2.cvtColor(codes, cv2.COLOR_RGB2Lab), cv2.cvtColor(codes, cv2.COLOR_RGB2YCrCb)
    clahe = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 8)).apply
    for prefix, operate in (("he", cv2.equalizeHist), ("clahe", clahe)):
        rgb = np.stack([operate(codes[..., c]) for c in range(3)], axis=2)
        first = {"lab": lab.copy(), "y": ycc.copy()}
        for planes in first.values():
            planes[..., 0] = operate(planes[..., 0])
        expected = {
            "rgb": rgb,
            "lab": cv2.cvtColor(first["lab"], cv2.COLOR_Lab2RGB),
            "y": cv2.cvtColor(first["y"], cv2.COLOR_YCrCb2RGB),
        }
        for rule, want in expected.items():
            got = CLASSICAL[f"{prefix}_{rule}"].load()(encoded) * 255
            np.testing.assert_allclose(got, want, atol=1e-4)


def test_equalising_a_full_ramp_changes_nothing():
    ramp = np.repeat((np.arange(256, dtype=np.float32) / 255)[None, :, None], 3, axis=2)
    np.testing.assert_allclose(CLASSICAL["he_rgb"].load()(ramp), ramp, atol=1e-6)


def test_auto_gamma_brings_a_grey_card_to_one_half():
    card = np.full((5, 5, 3), 0.2, np.float32)
    np.testing.assert_allclose(CLASSICAL["auto_gamma"].load()(card), 0.5, atol=1e-5)


def test_percentile_stretch_undoes_an_affine_squeeze():
    full = _colourful((64, 64))
    stretch = CLASSICAL["percentile_stretch"].load()
    np.testing.assert_allclose(stretch(full * 0.3 + 0.4), stretch(full), atol=1e-5)


@pytest.mark.parametrize("name", ["grey_world", "shades_of_grey", "white_patch"])
def test_white_balance_removes_a_cast_of_linear_light(name):
    from luts.transfer import decode_srgb, encode_srgb

    balance = CLASSICAL[name].load()
    linear = 0.4 * _colourful((50, 60)) + 0.05
    cast = linear * np.float32([1.3, 1.0, 0.6])
    plain, corrected = (decode_srgb(balance(encode_srgb(x))) for x in (linear, cast))
    # The two differ in exposure only: each keeps the luminance it came with.
    np.testing.assert_allclose(
        corrected / corrected.mean(), plain / plain.mean(), rtol=2e-4, atol=2e-5
    )
    luminance = np.array([0.2126, 0.7152, 0.0722])
    assert (corrected @ luminance).mean() == pytest.approx((cast @ luminance).mean(), rel=1e-4)


def test_grey_world_leaves_the_three_means_equal():
    from luts.transfer import decode_srgb

    means = decode_srgb(CLASSICAL["grey_world"].load()(0.6 * _colourful((40, 40)))).mean((0, 1))
    np.testing.assert_allclose(means, means.mean(), rtol=1e-4)
