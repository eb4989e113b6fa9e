"""Every classical method on every kind of image, and each against its definition."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import scipy.sparse as sp
from scipy.ndimage import gaussian_filter
from scipy.sparse.linalg import spsolve

from benchmarks.methods.classical import CLASSICAL
from benchmarks.methods.classical.fusion import fuse
from benchmarks.methods.classical.lime import gradients_and_weights, illumination_exact
from benchmarks.methods.classical.smooth import smooth
from benchmarks.methods.classical.wvm import decompose
from luts.colour.transfer import decode_srgb, encode_srgb

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
    from luts.colour.transfer import decode_srgb

    means = decode_srgb(CLASSICAL["grey_world"].load()(0.6 * _colourful((40, 40)))).mean((0, 1))
    np.testing.assert_allclose(means, means.mean(), rtol=1e-4)


def _direct_solution(target, wx, wy):
    """The same system as one sparse matrix, solved outright."""
    height, width = target.shape

    def one(n):
        ones = np.ones(n - 1)
        return sp.diags_array([-ones, ones], offsets=[0, 1], shape=(n - 1, n))

    dx, dy = sp.kron(sp.eye_array(height), one(width)), sp.kron(one(height), sp.eye_array(width))
    matrix = sp.eye_array(target.size) + sum(
        d.T @ sp.diags_array(w.ravel().astype(float)) @ d for d, w in ((dx, wx), (dy, wy))
    )
    return spsolve(matrix.tocsc(), target.ravel().astype(float)).reshape(target.shape)


@pytest.mark.parametrize("contrast", [1.0, 1e3, 1e6])
def test_the_smoother_solves_its_linear_system(contrast, rng):
    target = rng.random((40, 53), dtype=np.float32)
    wx, wy = (contrast ** rng.random(s) for s in ((40, 52), (39, 53)))
    expected = _direct_solution(target, wx, wy)
    np.testing.assert_allclose(smooth(target, wx, wy), expected, atol=1e-3)


def _dark_photo(height=36, width=44):
    y, x = np.mgrid[:height, :width]
    scene = np.stack([0.5 + 0.4 * np.sin(x / 7 + c) * np.cos(y / 9) for c in range(3)], axis=2)
    scene[:, width // 2 :] *= 0.15
    return (0.5 * scene + 0.01 * np.random.default_rng(3).random(scene.shape)).astype(np.float32)


def test_lime_is_its_equations_written_out():
    encoded = _dark_photo()
    brightest = encoded.max(axis=2).astype(float)
    right, down = np.diff(brightest, axis=1), np.diff(brightest, axis=0)
    # Strategy III, with scipy's Gaussian over the gradient that is 0 beyond the last pixel.
    window = {"sigma": 2.0, "mode": "mirror", "radius": 6}
    mean_x = gaussian_filter(np.pad(right, ((0, 0), (0, 1))), **window)[:, :-1]
    mean_y = gaussian_filter(np.pad(down, ((0, 1), (0, 0))), **window)[:-1]
    wx = 0.15 / (np.abs(mean_x) + 1e-3) / (np.abs(right) + 1e-3)
    wy = 0.15 / (np.abs(mean_y) + 1e-3) / (np.abs(down) + 1e-3)
    light = _direct_solution(brightest, wx, wy)
    expected = np.clip(encoded / np.clip(light, 1e-3, 1)[..., None] ** 0.7, 0, 1)
    np.testing.assert_allclose(CLASSICAL["lime"].load()(encoded), expected, atol=2e-3)


def test_the_exact_solver_of_lime_finds_the_minimum_of_its_objective():
    brightest = _dark_photo(20, 24).max(axis=2)
    _, _, wx, wy = gradients_and_weights(brightest)

    found = illumination_exact(brightest, smoothness=0.002).astype(float)
    # An independent minimiser: the dual problem by projected gradients (Chambolle 2004).
    px, py = np.zeros_like(wx, float), np.zeros_like(wy, float)
    for _ in range(20000):
        t = brightest - 0.5 * divergence_adjoint(px, py)
        px = np.clip(px + 0.25 * np.diff(t, axis=1), -0.002 * wx, 0.002 * wx)
        py = np.clip(py + 0.25 * np.diff(t, axis=0), -0.002 * wy, 0.002 * wy)
    np.testing.assert_allclose(found, t, atol=0.01)
    assert np.abs(t - brightest).max() > 0.03  # there was something to smooth


def divergence_adjoint(px, py):
    out = np.zeros((px.shape[0], py.shape[1]))
    out[:, :-1] -= px
    out[:, 1:] += px
    out[:-1] -= py
    out[1:] += py
    return out


def test_iagcwd_is_its_definition_on_a_dimmed_image():
    codes = np.random.default_rng(5).integers(5, 90, (30, 40))
    encoded = np.repeat((codes / 255).astype(np.float32)[..., None], 3, axis=2)
    share = np.bincount(codes.ravel(), minlength=256) / codes.size
    weighted = share.max() * ((share - share.min()) / (share.max() - share.min())) ** 0.75
    gamma = [max(0.5, 1 - weighted[: level + 1].sum() / weighted.sum()) for level in range(256)]
    expected = [[(code / 255) ** gamma[code] for code in row] for row in codes]
    got = CLASSICAL["iagcwd"].load()(encoded)
    np.testing.assert_allclose(got[..., 1], expected, atol=1e-5)


def test_iagcwd_treats_a_bright_image_as_a_negative_and_leaves_a_good_one():
    iagcwd = CLASSICAL["iagcwd"].load()
    bright = 0.7 + 0.3 * _colourful((20, 20))
    assert iagcwd(bright).mean() < bright.mean() - 0.02
    good = np.full((8, 8, 3), 112 / 255, np.float32)
    np.testing.assert_array_equal(iagcwd(good), good)


def test_bimef_brightens_the_dark_half_and_keeps_the_bright_one():
    encoded = _dark_photo() + np.float32(0.02)
    encoded[:, :22] = encoded[:, :22] * 0.3 + 0.7
    change = CLASSICAL["bimef"].load()(encoded) - encoded
    assert change[:, 26:].mean() > 0.1
    assert abs(change[:, :18].mean()) < 0.12


def test_the_camera_response_of_bimef_multiplies_twice_as_it_multiplies_once():
    # The beta-gamma model composes only in its exponent: k^a l^a = (k l)^a.
    from benchmarks.methods.classical.bimef import RESPONSE_A, _exposed

    encoded = np.float32([[[0.1, 0.3, 0.6]]])
    slope = np.log(_exposed(encoded, 3.0) / _exposed(encoded**2, 3.0)) / np.log(1 / encoded)
    np.testing.assert_allclose(slope, 3.0**RESPONSE_A, rtol=1e-5)


def test_wvm_splits_value_into_two_maps_that_multiply_back():
    value = _dark_photo(60, 70).max(axis=2)
    reflectance, light = decompose(value)
    assert reflectance.max() <= 1 and (light >= value - 1e-4).all()
    np.testing.assert_allclose(reflectance * light, value, atol=0.05)
    # The illumination is the smoother of the two.
    roughness = [np.abs(np.diff(np.log(m + 0.01), axis=1)).mean() for m in (light, value)]
    assert roughness[0] < 0.5 * roughness[1]


def test_hqec_never_brightens_a_pixel_past_the_bound_of_its_illumination():
    encoded = _dark_photo()
    estimate = CLASSICAL["hqec"].load()(encoded)
    brightest = encoded.max(axis=2, keepdims=True)
    assert (estimate <= encoded / brightest**0.6 + 1e-5).all()
    assert estimate.mean() > encoded.mean() * 1.3


@pytest.mark.parametrize("name", ["lime", "lime_exact", "dual", "wvm", "hqec", "bimef", "iagcwd"])
def test_a_dark_image_comes_out_brighter_with_its_order_of_levels(name):
    ramp = np.repeat(np.linspace(0.02, 0.25, 60, dtype=np.float32)[None, :, None], 3, axis=2)
    encoded = np.repeat(ramp, 20, axis=0)
    estimate = CLASSICAL[name].load()(encoded)
    assert estimate.mean() > 1.15 * encoded.mean()
    rank = np.corrcoef(np.argsort(np.argsort(estimate[10, :, 1])), np.arange(60))[0, 1]
    assert rank > 0.9


def test_dual_darkens_an_over_exposed_image():
    bright = 1 - _dark_photo()
    assert CLASSICAL["dual"].load()(bright).mean() < bright.mean() - 0.05


@pytest.mark.parametrize("shape", [(64, 80), (37, 51), (1, 20), (3, 2)])
def test_fusion_is_opencv_s(shape, rng):
    images = [cv2.GaussianBlur(rng.random((*shape, 3), np.float32), (0, 0), 1) for _ in range(3)]
    images = [image.reshape(*shape, 3) for image in images]
    # OpenCV divides by 255 whatever the type.
    peer = cv2.createMergeMertens(1, 1, 1).process([image * np.float32(255) for image in images])
    np.testing.assert_allclose(fuse(images), np.clip(peer, 0, 1), atol=1e-4)


def test_mertens_of_one_exposure_is_that_exposure():
    encoded = _dark_photo()
    np.testing.assert_allclose(fuse([encoded]), encoded, atol=1e-5)


def test_a_reduced_surround_is_the_full_gaussian_within_half_a_code():
    from benchmarks.methods.classical.retinex import _surround

    codes = 1 + 255 * cv2.GaussianBlur(_colourful((200, 240)), (0, 0), 3)
    full = cv2.GaussianBlur(codes, (0, 0), 40, borderType=cv2.BORDER_REFLECT)
    assert np.abs(_surround(codes, 40.0) - full).mean() < 0.5


def test_auto_exposure_undoes_a_gain_that_clipped_nothing():
    linear = np.random.default_rng(3).uniform(0.02, 0.2, (40, 50, 3)).astype(np.float32)
    auto_exposure = CLASSICAL["auto_exposure"].load()
    wanted = auto_exposure(encode_srgb(linear))
    for ev in (-1.5, -1.0, 1.0):
        again = auto_exposure(encode_srgb(linear * np.float32(2.0**ev)))
        assert np.abs(again - wanted).max() < 0.001  # the rule steps in thousandths of a stop
    # Uniform light of 0.2: 0.2 -> 1 by 2.322 stops, then half a stop down towards 0.18.
    flat = auto_exposure(encode_srgb(np.full((4, 4, 3), 0.2, np.float32)))
    assert flat == pytest.approx(encode_srgb(np.float32(2**-0.5)), abs=1e-3)
