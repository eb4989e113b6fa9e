"""luts/families: drawing, strength, severity and the promises of each family."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

import luts
from luts.colour import oklab
from luts.colour.colorimetry import REC709_LUMINANCE
from luts.colour.transfer import decode_srgb
from luts.families import (
    FAMILIES,
    Distortion,
    DistortionError,
    crosstalk,
    draw,
    illuminant,
    tone,
    warp,
)
from luts.families.drawing import find_root
from luts.families.lamps import lamp_matrix, lamp_names
from luts.folds import determinants
from luts.lut import nodes
from luts.make import make_lamps
from luts.measure import severity
from luts.tool.errors import UserError
from luts.tool.seeding import sample_rng

SEEDS = range(3)
# What each family promises: folds nowhere, in any cube.
FOLD_FREE = ("exposure", "tone", "channel", "fade", "warp")
GREY_KEEPING = ("crosstalk", "oklch")


def _parameters(family, seed=0):
    return FAMILIES[family].draw(sample_rng(seed, f"{family}/0"))


@pytest.mark.parametrize("family", FAMILIES)
def test_strength_zero_changes_nothing(family, rng):
    colours = rng.uniform(size=(200, 3))
    for seed in SEEDS:
        output = FAMILIES[family].apply(colours, _parameters(family, seed), 0.0)
        assert np.abs(output - colours).max() < 1e-7


@pytest.mark.parametrize("family", FAMILIES)
def test_distortions_keep_shape_dtype_and_range(family, rng):
    colours = rng.uniform(size=(5, 7, 3)).astype(np.float32)
    untouched = colours.copy()
    output = draw(family, seed=1).apply(colours)
    assert output.shape == colours.shape and output.dtype == np.float32
    assert output.min() >= 0 and output.max() <= 1
    assert np.abs(output - colours).max() > 1e-3
    assert (colours == untouched).all()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("asked", [2.0, 8.0])
def test_the_severity_asked_for_is_met_within_two_per_cent(family, asked):
    asked = min(asked, FAMILIES[family].reaches)
    for seed in SEEDS:
        distortion = draw(family, seed=seed, severity=asked)
        assert distortion.severity == pytest.approx(asked, rel=0.01)
        assert severity(distortion.bake(33)).mean == pytest.approx(asked, rel=0.02)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_record_is_json_and_makes_the_distortion_again(family):
    distortion = draw(family, seed=5, severity=3)
    record = json.loads(json.dumps(distortion.record()))
    again = Distortion(
        record["family"], record["seed"], record["parameters"], record["strength"], 3.0
    )
    assert luts.table_hash(again.bake(9)) == luts.table_hash(distortion.bake(9))


@pytest.mark.parametrize("family", FAMILIES)
def test_sizes_agree_where_their_nodes_do(family):
    distortion = draw(family, seed=2, severity=4)
    small, large = (distortion.bake(size).table for size in (17, 33))
    assert np.abs(large[::2, ::2, ::2] - small).max() < 1e-6


def test_seeds_differ_and_repeat_in_another_process():
    script = (
        "import luts; from luts.families import FAMILIES\n"
        "for f in reversed(FAMILIES): "
        "print(f, luts.table_hash(luts.random_lut(f, seed=11, severity=3, size=9)))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout
    elsewhere = dict(line.split() for line in printed.splitlines())
    here = {
        family: luts.table_hash(luts.random_lut(family, seed=11, severity=3, size=9))
        for family in FAMILIES
    }
    assert elsewhere == here
    others = {luts.table_hash(luts.random_lut(f, seed=12, severity=3, size=9)) for f in FAMILIES}
    assert not others & set(here.values())


@pytest.mark.parametrize("family", FOLD_FREE)
def test_families_that_promise_it_never_fold(family):
    for seed in SEEDS:
        parameters = _parameters(family, seed)
        strongest = FAMILIES[family].limit(parameters)
        table = FAMILIES[family].apply(nodes(17), parameters, strongest)
        assert determinants(table).min() > 0


@pytest.mark.parametrize("family", GREY_KEEPING)
def test_families_that_promise_it_keep_greys(family):
    grey = np.linspace(0, 1, 33)[:, None].repeat(3, axis=1)
    for seed in SEEDS:
        output = FAMILIES[family].apply(grey, _parameters(family, seed), 1.0)
        assert np.abs(output - grey).max() < 1e-5


def test_the_first_draw_is_used_when_no_severity_is_asked():
    distortion = draw("exposure", seed=4)
    assert distortion.parameters["ev"] == round(_parameters("exposure", 4)["ev"], 9)
    assert distortion.strength == 1


def test_exposure_doubles_linear_light():
    output = FAMILIES["exposure"].apply(np.array([[0.1, 0.2, 0.4]]), {"ev": 2.0}, 0.5)
    assert np.allclose(decode_srgb(output), 2 * decode_srgb(np.array([[0.1, 0.2, 0.4]])))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_tone_curve_is_the_pchip_of_scipy(seed):
    increments = np.random.default_rng(seed).dirichlet(np.full(8, 3.0))
    knots = np.concatenate([[0], np.cumsum(increments)])
    x = np.linspace(0, 1, 501)
    expected = PchipInterpolator(np.linspace(0, 1, 9), knots)(x)
    assert np.abs(tone.curve(x, increments) - expected).max() < 1e-12


def test_a_tone_curve_goes_on_straight_beyond_its_ends():
    increments = np.array([0.1, 0.2, 0.3, 0.4])
    outside = tone.curve(np.array([-0.2, -0.1, 0.0, 1.0, 1.1, 1.2]), increments)
    assert outside[0] == pytest.approx(2 * outside[1]) and outside[2] == 0
    assert outside[5] - outside[3] == pytest.approx(2 * (outside[4] - outside[3]))


def test_oklab_matches_its_author():
    """White is L = 1 (Ottosson, 2020); red is oklab(0.628 0.2249 0.1258) in CSS Color 4."""
    lab = oklab.encoded_to_oklab(np.array([[1.0, 1.0, 1.0], [1.0, 0.0, 0.0]]))
    assert np.allclose(lab[0], [1, 0, 0], atol=1e-6)
    assert np.allclose(lab[1], [0.62796, 0.22486, 0.12585], atol=1e-4)


def test_oklab_goes_there_and_back_outside_the_cube_too(rng):
    colours = rng.uniform(-0.3, 1.4, (100, 3))
    back = oklab.oklab_to_encoded(oklab.encoded_to_oklab(colours))
    assert np.abs(back - colours).max() < 1e-9


@pytest.mark.parametrize("seed", SEEDS)
def test_crosstalk_has_an_inverse_at_any_strength_allowed(seed):
    parameters = _parameters("crosstalk", seed)
    matrix = crosstalk.matrix(parameters["leak"], crosstalk.limit(parameters))
    assert np.allclose(matrix.sum(axis=1), 1)
    assert np.linalg.det(matrix) > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_warp_maps_the_faces_of_the_cube_onto_themselves(seed):
    parameters = _parameters("warp", seed)
    strongest = warp.limit(parameters)
    assert np.abs(parameters["control"]).max() * strongest == pytest.approx(0.4033 / 3, rel=1e-3)
    output = warp.apply(nodes(9), parameters, strongest)
    for axis in range(3):
        ends = np.moveaxis(output[..., axis], axis, 0)[[0, -1]]
        assert np.allclose(ends, [[[0.0]], [[1.0]]], atol=1e-12)


@pytest.mark.parametrize(
    ("kelvin", "tolerance"),
    [(2000, 2e-4), (2856, 2e-4), (6504, 2e-4), (10000, 2e-4), (25000, 8e-4)],
)
def test_the_planckian_locus_is_that_of_colour_science(kelvin, tolerance):
    import colour

    expected = colour.temperature.CCT_to_uv_Planck1900(kelvin)
    assert np.abs(illuminant.planckian_uv(kelvin) - expected).max() < tolerance


@pytest.mark.parametrize("kelvin", [4000, 5000, 6500, 7000, 10000])
def test_daylight_is_that_of_colour_science(kelvin):
    import colour

    x, y = colour.temperature.CCT_to_xy_CIE_D(kelvin)
    assert np.allclose(illuminant.daylight_uv(kelvin), illuminant.xy_to_uv(x, y), atol=1e-9)


def test_a_point_beside_the_locus_is_found_again():
    for mired, duv in ((110.0, 0.01), (250.0, -0.015), (500.0, 0.004)):
        found = illuminant.place_on_locus(illuminant.chromaticity_uv(mired, duv))
        assert found == pytest.approx((mired, duv), abs=1e-6)


def test_positive_duv_is_green_and_high_mired_is_warm():
    green = illuminant.chromaticity_matrix(illuminant.D65_MIRED, 0.02) @ np.ones(3)
    warm = illuminant.chromaticity_matrix(350, illuminant.D65_DUV) @ np.ones(3)
    assert green[1] > max(green[0], green[2])
    assert warm[0] > warm[1] > warm[2]


def test_bradford_matrices_match_colour_science():
    import colour

    matrix = illuminant.chromaticity_matrix(300, 0.0)
    white = illuminant.uv_to_xyz(illuminant.chromaticity_uv(300, 0.0))
    d65 = illuminant.uv_to_xyz(illuminant.chromaticity_uv(illuminant.D65_MIRED, illuminant.D65_DUV))
    adapt = colour.adaptation.matrix_chromatic_adaptation_VonKries(d65, white, "Bradford")
    to_xyz = illuminant.LINEAR_TO_XYZ
    assert np.allclose(matrix, np.linalg.inv(to_xyz) @ adapt @ to_xyz, atol=2e-3)


@pytest.mark.parametrize("lamp", lamp_names())
def test_lamps_keep_the_luminance_of_white_and_mix_with_daylight(lamp):
    assert lamp_matrix(lamp).sum(axis=1) @ REC709_LUMINANCE == pytest.approx(1, abs=2e-4)
    assert np.allclose(illuminant.mixed_lamp_matrix(lamp, 0.0, 0.5), np.eye(3))
    white = illuminant.mixed_lamp_matrix(lamp, 0.5, 1.0).sum(axis=1)
    assert np.allclose(white, 1, atol=1e-6)  # fully adapted: white comes out white


def test_lamp_matrices_are_those_of_the_spectra():
    """The table is rebuilt from colour-science, and stays below 3 dE00 on patches left out."""
    built = make_lamps.build()
    assert [name for name, *_ in built] == lamp_names()
    for name, _, matrix, error, left_out in built:
        assert np.abs(matrix - lamp_matrix(name)).max() < 2e-6
        assert error < left_out < 3


def test_tungsten_gains_are_those_of_the_literature():
    """CIE A white in linear sRGB: gains 2.23 and 0.28 beside green (notes of the design)."""
    red, green, blue = lamp_matrix("tungsten").sum(axis=1)
    assert red / green == pytest.approx(2.23, abs=0.02)
    assert blue / green == pytest.approx(0.28, abs=0.01)


def test_an_unknown_lamp_is_named():
    with pytest.raises(ValueError, match="no lamp called 'neon'"):
        lamp_matrix("neon")


def test_a_given_lut_is_mixed_in(tmp_path):
    path = tmp_path / "half.cube"
    luts.write_cube(luts.Lut3D(nodes(5) * 0.5), path)
    distortion = draw("file", seed=0, severity=3, source=str(path))
    assert 0 < distortion.strength < 1
    grey = distortion.apply(np.full((1, 3), 0.8))
    assert np.allclose(grey, 0.8 * (1 - distortion.strength / 2), atol=1e-5)
    luts.write_cube(luts.Lut3D(nodes(5) * 0.75), path)
    with pytest.raises(UserError, match="another LUT than the one drawn"):
        distortion.apply(np.full((1, 3), 0.8))


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"family": "tint"}, "no family 'tint'; known: channel"),
        ({"family": "film", "seed": -1}, "a seed is 0 or more, got -1"),
        ({"family": "film", "severity": 0}, "positive mean dE00, got 0"),
        ({"family": "film", "severity": float("nan")}, "positive mean dE00, got nan"),
        ({"family": "film", "severity": 15}, "severity 15 is beyond 12"),
        ({"family": "oklch", "severity": 12}, "oklch does not reach severity 12: .* has [4-9]"),
        ({"family": "film", "source": "tungsten"}, "for the family 'file', not for 'film'"),
        ({"family": "file", "source": "nothing"}, "no LUT 'nothing' in the library"),
    ],
)
def test_what_cannot_be_drawn_is_refused(wish, message):
    with pytest.raises(UserError, match=message):
        draw(**{"seed": 0, **wish})


def test_extreme_severities_are_drawn_when_asked_for():
    distortion = draw("exposure", seed=0, severity=20, extreme=True)
    assert distortion.severity == pytest.approx(20, rel=0.02)
    assert issubclass(DistortionError, ValueError)


def test_root_finding_meets_its_tolerance():
    root = find_root(lambda x: x**3 - 2, (0.0, -2.0), (2.0, 6.0), 1e-9)
    assert root == pytest.approx(2 ** (1 / 3), abs=1e-9)
    with pytest.raises(ArithmeticError, match="no root within"):
        find_root(lambda x: 1.0 if x > 1 else -1.0, (0.0, -1.0), (2.0, 1.0), 1e-3)
