"""Lab and colour differences against the published tables and colour-science."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.conformance.sharma2005 import PAIRS as SHARMA
from luts.colour.colorimetry import (
    LINEAR_TO_XYZ,
    WHITE_D65,
    delta_e_1976,
    delta_e_2000,
    encoded_to_lab,
    linear_to_lab,
    luminance,
)
from luts.colour.transfer import encode_srgb


def test_the_published_pairs_of_ciede2000_are_reproduced():
    assert delta_e_2000(SHARMA[:, :3], SHARMA[:, 3:6]) == pytest.approx(SHARMA[:, 6], abs=1e-4)


def test_ciede2000_is_symmetric():
    there = delta_e_2000(SHARMA[:, :3], SHARMA[:, 3:6])
    assert delta_e_2000(SHARMA[:, 3:6], SHARMA[:, :3]) == pytest.approx(there, abs=1e-12)


def test_ciede2000_equals_colour_science(rng):
    colour = pytest.importorskip("colour")
    lab = rng.uniform([0, -100, -100], [100, 100, 100], (2, 20000, 3))
    lab[1, :5000] = lab[0, :5000] + rng.normal(0, 1, (5000, 3))
    expected = colour.difference.delta_E_CIE2000(*lab)
    assert delta_e_2000(*lab) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("opposite", [[40.0, -30.0, -10.0], [60.0, -6.0, -2.0]])
def test_exactly_opposite_hues_follow_the_rule_of_the_paper(opposite):
    colour = pytest.importorskip("colour")
    one, two = np.array([50.0, 30.0, 10.0]), np.array(opposite)
    for pair in ((one, two), (two, one)):
        expected = colour.difference.delta_E_CIE2000(*pair)
        assert float(delta_e_2000(*pair)) == pytest.approx(float(expected), abs=1e-3)


def test_white_is_lab_100_0_0_and_greys_stay_grey():
    grey = np.linspace(0, 1, 41)[:, None].repeat(3, 1)
    lab = encoded_to_lab(grey)
    assert lab[-1] == pytest.approx([100, 0, 0], abs=1e-10)
    assert lab[0] == pytest.approx([0, 0, 0], abs=1e-10)
    assert np.abs(lab[:, 1:]).max() < 1e-10
    assert (np.diff(lab[:, 0]) > 0).all()


def test_lab_equals_colour_science_at_our_white(rng):
    colour = pytest.importorskip("colour")
    linear = rng.random((3000, 3)) ** 4
    expected = colour.XYZ_to_Lab(linear @ LINEAR_TO_XYZ.T, colour.XYZ_to_xy(WHITE_D65))
    assert linear_to_lab(linear) == pytest.approx(expected, abs=1e-9)
    assert encoded_to_lab(encode_srgb(linear)) == pytest.approx(expected, abs=1e-9)


def test_the_matrix_is_the_standards_to_its_printed_digits():
    printed = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    assert np.abs(LINEAR_TO_XYZ - printed).max() < 2e-4  # IEC 61966-2-1, equation 7
    assert LINEAR_TO_XYZ.sum(1) == pytest.approx(WHITE_D65, abs=1e-14)


def test_luminance_weighs_by_bt709():
    assert luminance(np.eye(3)) == pytest.approx([0.2126, 0.7152, 0.0722])
    assert luminance(np.ones((4, 5, 3), np.float32)) == pytest.approx(np.ones((4, 5)), abs=1e-6)


def test_the_1976_difference_is_a_distance():
    assert float(delta_e_1976(np.array([50.0, 3, 4]), np.array([38.0, 3, 9]))) == 13


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept_and_tiles_do_not_show(rng, dtype):
    encoded = rng.random((2, 150, 101, 3)).astype(dtype)  # several tiles and a rest
    lab = encoded_to_lab(encoded)
    assert lab.dtype == dtype and lab.shape == encoded.shape
    assert (lab[:, 70:90] == encoded_to_lab(encoded[:, 70:90])).all()
    difference = delta_e_2000(lab[0], lab[1])
    assert difference.dtype == dtype and difference.shape == (150, 101)
    assert (difference[90:] == delta_e_2000(lab[0, 90:], lab[1, 90:])).all()


def test_float32_is_within_a_thousandth_on_average_far_within(rng):
    lab = encoded_to_lab(rng.random((2, 40000, 3)))
    away = np.abs(delta_e_2000(*lab.astype(np.float32)) - delta_e_2000(*lab))
    assert away.mean() < 1e-5
    assert np.percentile(away, 99.9) < 1e-3


def test_integers_and_greys_are_refused():
    with pytest.raises(TypeError, match="uint8 of shape"):
        encoded_to_lab(np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(TypeError, match=r"of shape \(4, 4\)"):
        linear_to_lab(np.zeros((4, 4)))
    with pytest.raises(ValueError, match="one shape"):
        delta_e_2000(np.zeros((4, 3)), np.zeros((5, 3)))
