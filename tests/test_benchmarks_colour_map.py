"""models.parts.colour_map: three fits of one thing, and when none is possible."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.methods.models.parts.colour_map import MAPS, SingularFitError, fit


def warmer(colours):
    """A cast and a change of exposure, smooth and inside [0, 1]."""
    return colours ** np.array([0.8, 1.0, 1.25]) * [0.95, 0.9, 0.8]


@pytest.fixture
def colours(rng):
    """A picture's worth of colours: a cloud around the greys, not the whole cube."""
    grey = rng.random((3000, 1))
    return np.clip(grey + rng.normal(0, 0.08, (3000, 3)), 0, 1).astype(np.float32)


@pytest.mark.parametrize("kind", MAPS)
def test_a_smooth_change_is_found_again(kind, colours):
    colour_map = fit(kind, colours, colours, warmer(colours).astype(np.float32))
    error = np.abs(colour_map(colours) - warmer(colours))
    assert error.mean() < 2 / 255
    assert np.quantile(error, 0.99) < 12 / 255


@pytest.mark.parametrize("kind", MAPS)
def test_equal_pictures_give_the_identity_even_for_colours_they_lack(kind, colours, rng):
    colour_map = fit(kind, colours, colours, colours)
    anything = rng.random((500, 3)).astype(np.float32)
    np.testing.assert_allclose(colour_map(anything), anything, atol=1e-5)


@pytest.mark.parametrize("kind", ["mlp", "lut"])
def test_colours_the_pictures_lack_change_like_their_neighbours(kind, rng):
    middle = (0.4 + 0.2 * rng.random((2000, 3))).astype(np.float32)
    colour_map = fit(kind, middle, middle, middle * np.float32(0.9))
    ends = np.array([[0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 0, 1]], np.float32)
    np.testing.assert_allclose(colour_map(ends), ends * 0.9, atol=0.1)


@pytest.mark.parametrize("kind", MAPS)
def test_grey_pictures_have_a_map_too(kind, rng):
    grey = np.repeat(rng.random((2000, 1)), 3, axis=1).astype(np.float32)
    colour_map = fit(kind, grey, grey, np.sqrt(grey))
    error = np.abs(colour_map(grey) - np.sqrt(grey))
    assert np.median(error) < 2 / 255
    assert np.isfinite(colour_map(rng.random((100, 3)).astype(np.float32))).all()


@pytest.mark.parametrize("kind", MAPS)
def test_the_same_colours_give_the_same_map(kind, colours):
    one, two = (fit(kind, colours, colours, warmer(colours)) for _ in range(2))
    assert np.array_equal(one(colours), two(colours))


def test_the_polynomial_has_all_56_terms_of_degree_five(rng):
    from benchmarks.methods.models.parts.colour_map import _monomials

    terms = _monomials(rng.random((200, 3)))
    assert terms.shape == (200, 56)  # binomial(5 + 3, 3)
    assert np.linalg.matrix_rank(terms) == 56
    # Any fifth-degree polynomial is in their span.
    r, g, b = rng.random((3, 200))
    product = (r * g - 0.3) * (b**2 + r) * (g - b)
    terms = _monomials(np.stack([r, g, b], axis=1))
    assert np.abs(terms @ np.linalg.lstsq(terms, product)[0] - product).max() < 1e-12


@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (np.full((100, 3), 0.5, np.float32), "a single colour"),
        (np.empty((0, 3), np.float32), "no pixels"),
    ],
)
def test_nothing_to_fit_is_refused(kind, seen, reason):
    with pytest.raises(SingularFitError, match=reason):
        fit(kind, seen, seen, seen)


def test_what_is_not_finite_is_refused(colours):
    broken = colours.copy()
    broken[7] = np.nan
    with pytest.raises(SingularFitError, match="not finite"):
        fit("lut", colours, colours, broken)
