from __future__ import annotations

import numpy as np
import pytest

import luts
from luts.fitting import (
    SHIFT_LIMIT,
    FitError,
    coverage_path,
    fit,
    fit_pairs,
    read_coverage,
    unseen_share,
    write_coverage,
)
from luts.lut import nodes

MIX = np.array([[0.85, 0.1, 0.05], [0.05, 0.9, 0.05], [0.05, 0.15, 0.8]])


def film(picture: np.ndarray) -> np.ndarray:
    return np.round(255 * (0.04 + 0.9 * (picture / 255) ** 1.2 @ MIX.T)).astype(np.uint8)


def photo(rng, height: int = 120, width: int = 160) -> np.ndarray:
    """Smooth random colours with texture: the statistics of a picture, not of noise."""
    import cv2

    coarse = rng.random((8, 10, 3)).astype(np.float32)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    texture = rng.normal(0, 0.02, (height, width, 1))
    return np.clip(255 * (smooth + texture), 0, 255).astype(np.uint8)


def test_a_fit_reproduces_the_edit_on_its_own_picture_and_near_it_on_another(rng):
    before, other = photo(rng), photo(rng)
    fitted = fit(before, film(before))
    assert fitted.notes == ()
    assert fitted.error < 0.4  # the rounding of eight bits is 0.29
    own = luts.apply(fitted.lut, before).astype(int) - film(before)
    assert np.abs(own).max() <= 2
    elsewhere = luts.apply(fitted.lut, other).astype(int) - film(other)
    assert np.abs(elsewhere).mean() < 1.0


def test_an_untouched_pair_gives_the_identity_everywhere(rng):
    before = photo(rng)
    fitted = fit(before, before, size=9)
    np.testing.assert_allclose(fitted.lut.table, nodes(9), atol=1e-6)
    assert fitted.shift == pytest.approx((0, 0), abs=0.01)


def test_a_global_cast_is_continued_where_no_pixel_was(rng):
    """A constant offset has no second difference, so the penalty lets it spread everywhere."""
    before = (photo(rng) * 0.3 + 60).astype(np.uint8)
    fitted = fit(before, before + np.uint8(20), size=9)
    cast = fitted.lut.table - nodes(9)
    assert fitted.coverage.mean() < 0.2
    assert cast[fitted.coverage].mean() == pytest.approx(20 / 255, rel=0.02)
    assert cast[~fitted.coverage].mean() == pytest.approx(20 / 255, rel=0.25)


def test_sixteen_bits_and_floats_fit_like_eight(rng):
    before = photo(rng)
    tables = [
        fit(source, target, size=5).lut.table
        for source, target in (
            (before, film(before)),
            (before.astype(np.uint16) * 257, film(before).astype(np.uint16) * 257),
            (before / 255, film(before) / 255),
        )
    ]
    np.testing.assert_allclose(tables[1], tables[0], atol=1e-5)
    np.testing.assert_allclose(tables[2], tables[0], atol=1e-5)


def test_the_coverage_map_says_which_colours_were_seen(rng, tmp_path):
    dark = photo(rng) // 2
    fitted = fit(dark, film(dark), size=9)
    assert fitted.coverage[0, 0, 0] or fitted.coverage[1, 1, 1]
    assert not fitted.coverage[6:, 6:, 6:].any()
    assert unseen_share(fitted.coverage, dark) == 0
    assert unseen_share(fitted.coverage, 255 - dark) > 0.5
    assert f"{fitted.coverage.mean():.1%}" in fitted.lut.comments[0]
    write_coverage(fitted, tmp_path / "look.cube")
    np.testing.assert_array_equal(
        read_coverage(tmp_path / "look.cube", fitted.lut), fitted.coverage
    )
    assert read_coverage(tmp_path / "look.cube", luts.identity(5)) is None  # another LUT by now


def test_a_lut_without_a_map_has_no_coverage(tmp_path):
    assert read_coverage(tmp_path / "look.cube", luts.identity(3)) is None


@pytest.mark.parametrize(
    "text", ["", "[]", '{"lut": "%s"}', '{"lut": "%s", "size": 3, "coverage": "AA=="}']
)
def test_a_damaged_coverage_map_is_refused(tmp_path, text):
    lut = luts.identity(3)
    coverage_path(tmp_path / "a.cube").write_text(text.replace("%s", luts.table_hash(lut)))
    with pytest.raises(luts.LutFormatError, match="not a coverage map"):
        read_coverage(tmp_path / "a.cube", lut)


@pytest.mark.parametrize("shift", [(1, 0), (0, -2)])
def test_a_shifted_pair_is_noted_with_its_shift(rng, shift):
    before = photo(rng)
    right, down = shift
    after = film(np.roll(before, (down, right), (0, 1)))
    fitted = fit(before, after)
    assert fitted.shift == pytest.approx(shift, abs=SHIFT_LIMIT)
    assert "out of register" in fitted.notes[0]


def test_a_local_edit_is_noted(rng):
    before = photo(rng)
    after = film(before)
    after[:, 80:] = after[:, 80:] // 2
    assert "equal colours became different" in fit(before, after).notes[-1]


@pytest.mark.parametrize(
    ("before", "after", "size", "message"),
    [
        ((4, 5, 3), (5, 4, 3), 17, "5x4 and 4x5 pixels"),
        ((4, 5), (4, 5), 17, r"\(H, W, 3\)"),
        ((0, 5, 3), (0, 5, 3), 17, r"\(H, W, 3\)"),
        ((4, 5, 3), (4, 5, 3), 2, "3 to 41"),
        ((4, 5, 3), (4, 5, 3), 42, "3 to 41"),
    ],
)
def test_pairs_that_cannot_be_fitted_are_refused(before, after, size, message):
    with pytest.raises(FitError, match=message):
        fit(np.zeros(before, np.uint8), np.zeros(after, np.uint8), size)


def test_several_pairs_see_more_colours_than_each(rng):
    dark, light = photo(rng) // 2, 127 + photo(rng) // 2
    one, two = fit(dark, film(dark)), fit(light, film(light))
    both = fit_pairs([(dark, film(dark)), (light, film(light))])
    assert both.coverage.sum() > max(one.coverage.sum(), two.coverage.sum())
    assert (both.coverage == (one.coverage | two.coverage)).all()
    for picture in (dark, light):
        off = luts.apply(both.lut, picture).astype(int) - film(picture)
        assert np.sqrt(np.mean(off**2.0)) < 0.6
    with pytest.raises(FitError, match="at least one pair"):
        fit_pairs([])
