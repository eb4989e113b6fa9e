from __future__ import annotations

import numpy as np
import pytest

import luts
from luts.algebra import compose, invert, resize, strength
from luts.lut import Lut1D, Lut3D, ShapedLut, nodes

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


def test_two_tables_have_no_mix_in_their_own_kind():
    with pytest.raises(ValueError, match="compose"):
        strength(ShapedLut(CURVE, CUBE), 0.5)


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
    within = (nodes(33) * 2 <= 1 + 1e-6).all(-1).mean()
    assert inverse.clipped == pytest.approx(1 - within)
    assert inverse.delta_e_mean > 5


def test_a_cube_too_large_to_invert_is_refused():
    with pytest.raises(ValueError, match="up to 129"):
        invert(luts.identity(130))
