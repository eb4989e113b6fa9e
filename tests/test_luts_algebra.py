from __future__ import annotations

import numpy as np
import pytest

import luts
from luts.algebra import compose, invert, join, resize, strength
from luts.colour.colorimetry import delta_e_2000, encoded_to_lab
from luts.colour.transfer import decode_srgb
from luts.fidelity import fidelity, size_that_does
from luts.lut import Lut1D, Lut3D, ShapedLut, nodes
from luts.measure import natural_colours

CURVE = Lut1D(np.linspace(0, 1, 33)[:, None] ** [0.8, 1.0, 1.3], title="curve")
CROSS = np.array([[0.8, 0.15, 0.05], [0.1, 0.8, 0.1], [0.0, 0.2, 0.8]])
CUBE = Lut3D(nodes(17) @ CROSS.T, title="cross", comments=("by hand",))


def test_composing_applies_in_the_order_given(rng):
    encoded = rng.random((200, 3)).astype(np.float32)
    both = compose(CUBE, CURVE, size=65)
    steps = luts.apply(CURVE, luts.apply(CUBE, encoded))
    np.testing.assert_allclose(luts.apply(both, encoded), steps, atol=3e-3)
    assert np.abs(luts.apply(compose(CURVE, CUBE, size=65), encoded) - steps).max() > 0.02


def test_composing_keeps_titles_comments_and_the_first_domain():
    wide = Lut3D(nodes(3) * 2, domain_max=(2, 2, 2), title="wide")
    both = compose(wide, CUBE)
    assert (both.title, both.comments, both.domain_max) == ("wide + cross", ("by hand",), (2, 2, 2))


def test_composing_one_identity_changes_nothing():
    np.testing.assert_allclose(compose(luts.identity(9), size=9).table, nodes(9), atol=1e-7)


def test_composing_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        compose()


@pytest.mark.parametrize("lut", [CURVE, CUBE, ShapedLut(CURVE, CUBE)])
def test_doubling_the_grid_changes_no_colour(lut, rng):
    encoded = rng.random((300, 3))
    size = 2 * (lut.cube.size if isinstance(lut, ShapedLut) else lut.size) - 1
    larger = resize(lut, size)
    assert type(larger) is type(lut)
    np.testing.assert_allclose(
        luts.apply(larger, encoded, engine="numpy"),
        luts.apply(lut, encoded, engine="numpy"),
        atol=1e-6,
    )


@pytest.mark.parametrize("lut", [CURVE, CUBE, Lut3D(nodes(3) * 4, domain_max=(4, 4, 4))])
def test_strength_goes_from_the_identity_to_the_lut_and_beyond(lut, rng):
    encoded = rng.random((300, 3))
    still, whole, half, twice = (
        luts.apply(strength(lut, amount), encoded, engine="numpy") for amount in (0, 1, 0.5, 2)
    )
    np.testing.assert_allclose(still, encoded, atol=1e-6)
    np.testing.assert_allclose(whole, luts.apply(lut, encoded, engine="numpy"), atol=1e-6)
    np.testing.assert_allclose(half, (still + whole) / 2, atol=1e-6)
    np.testing.assert_allclose(twice, 2 * whole - still, atol=1e-6)


def test_curves_before_a_cube_are_kept_by_a_mix(rng):
    shaped = ShapedLut(CURVE, CUBE)
    encoded = rng.random((300, 3))
    whole = luts.apply(strength(shaped, 1), encoded, engine="numpy")
    np.testing.assert_allclose(whole, luts.apply(shaped, encoded, engine="numpy"), atol=1e-6)
    half = luts.apply(strength(shaped, 0.5), encoded, engine="numpy")
    np.testing.assert_allclose(half, (whole + encoded) / 2, atol=8e-3)
    falling = Lut1D(np.linspace(1, 0, 9)[:, None].repeat(3, 1))
    with pytest.raises(ValueError, match="do not rise everywhere: compose"):
        strength(ShapedLut(falling, CUBE), 0.5)


@pytest.mark.parametrize("lut", [CURVE, CUBE, ShapedLut(CURVE, CUBE)])
def test_an_inverse_undoes_its_lut(lut, rng):
    inverse = invert(lut, size=33)
    assert inverse.clipped == 0
    assert inverse.delta_e_mean < 0.25
    assert inverse.delta_e_p95 < 0.8
    encoded = rng.uniform(0.2, 0.8, (300, 3)).astype(np.float32)
    back = luts.apply(inverse.lut, luts.apply(lut, encoded))
    np.testing.assert_allclose(back, encoded, atol=0.01)


def test_the_inverse_of_a_matrix_is_the_inverse_matrix(rng):
    """Colours the matrix makes are affine in each tetrahedron, so the inverse is exact."""
    inside = rng.uniform(0.3, 0.6, (200, 3)) @ CROSS.T
    undone = luts.apply(invert(CUBE, size=65).lut, inside, engine="numpy")
    np.testing.assert_allclose(undone, inside @ np.linalg.inv(CROSS).T, atol=1e-5)


def test_an_inverse_reports_what_cannot_come_back():
    brighter = Lut3D(nodes(17) * 2)
    inverse = invert(brighter)
    within = (nodes(33) * 2 < 1 - 1e-6).all(-1).mean()
    assert inverse.clipped == pytest.approx(1 - within)
    assert inverse.delta_e_mean > 5


def test_a_cube_too_large_to_invert_is_refused():
    with pytest.raises(ValueError, match="up to 129"):
        invert(luts.identity(130))


def test_clipping_inside_the_table_counts_too():
    """Two times the input, cut at white in the table: the same colours are lost."""
    curve = Lut1D(np.clip(2 * np.linspace(0, 1, 257), 0, 1)[:, None].repeat(3, 1))
    within = ((nodes(33) < 0.5) | (nodes(33) == 1)).all(-1).mean()
    assert invert(curve).clipped == pytest.approx(1 - within)


def test_the_inverse_of_a_curve_that_falls_again_gives_one_of_the_inputs():
    x = np.linspace(0, 1, 256)
    curve = Lut1D(np.sin(np.pi * x)[:, None].repeat(3, 1))
    inverse = invert(curve)
    wanted = np.float32(np.linspace(0.01, 0.99, 50))[:, None].repeat(3, 1)
    again = luts.apply(curve, luts.apply(inverse.lut, wanted))
    np.testing.assert_allclose(again, wanted, atol=2e-3)
    assert inverse.clipped < 0.01 and inverse.merged > 0.5


def log_curve(rows=4096, top=1.0):
    light = np.linspace(0, top, rows)
    return (np.log2(light * 1000 + 1) / np.log2(top * 1000 + 1))[:, None].repeat(3, 1)


def test_curves_in_a_row_stay_curves(rng):
    both = join(Lut1D(log_curve()), CURVE)
    assert isinstance(both, Lut1D) and both.size == 4096
    encoded = rng.random((300, 3)).astype(np.float32)
    expected = luts.apply(CURVE, luts.apply(Lut1D(log_curve()), encoded))
    np.testing.assert_allclose(luts.apply(both, encoded), expected, atol=2e-3)


@pytest.mark.parametrize("top", [1.0, 16.0])
def test_a_log_curve_is_never_baked_away_in_a_row(rng, top):
    shaper = Lut1D(log_curve(top=top), domain_max=(top,) * 3)
    joined = join(shaper, CUBE, size=17)
    assert isinstance(joined, ShapedLut) and joined.shaper.size == 4096
    light = (rng.random((300, 3)) ** 3 * top).astype(np.float32)
    expected = luts.apply(CUBE, luts.apply(shaper, light))
    np.testing.assert_allclose(luts.apply(joined, light), expected, atol=2e-4)
    assert isinstance(join(CURVE, CUBE), Lut3D)  # nothing is lost there


def test_fidelity_is_the_error_of_the_table(rng):
    assert fidelity(CUBE, resize(CUBE, 33)).largest < 0.01
    gamma = fidelity(lambda x: x**2.2, Lut3D(nodes(5) ** 2.2))
    assert 0.3 < gamma.mean < gamma.p95 < gamma.largest and gamma.lossy
    assert size_that_does(lambda x: x**2.2, lambda n: Lut3D(nodes(n) ** 2.2), 5) == 17
    # In linear light, where a log curve's own colours lie: the same figures as by hand.
    shaped = ShapedLut(Lut1D(log_curve()), CUBE)
    found = fidelity(shaped, compose(shaped, size=33))
    natural = natural_colours()
    light = decode_srgb(natural.encoded).astype(np.float32)
    labs = [
        encoded_to_lab(np.clip(luts.apply(each, light), 0, 1).astype(np.float64))
        for each in (shaped, compose(shaped, size=33))
    ]
    assert found.mean == pytest.approx(delta_e_2000(*labs) @ natural.weights, rel=1e-3)
    assert found.mean > 3
