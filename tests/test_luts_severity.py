"""luts/measure.py and luts/folds.py: strength, clipping and folds of a LUT."""

from __future__ import annotations

import csv

import cv2
import numpy as np
import pytest

import luts
from luts.colour.colorimetry import delta_e_2000, encoded_to_lab
from luts.folds import PATHS, determinants, determinants_at
from luts.lut import nodes
from luts.make import make_natural_colours
from luts.measure import NATURAL_SET, mean_difference, natural_colours, severity


def _cube(function, size=17):
    return luts.Lut3D(function(nodes(size)))


def test_the_identity_has_no_severity_and_loses_nothing():
    found = severity(luts.identity(17))
    for figures in (found.natural, found.uniform):
        assert figures.mean < 1e-4
        assert figures.clipped == figures.folded == figures.merging == 0
        assert figures.determinant_min == pytest.approx(1, abs=1e-4)
    assert found.verdict == "can be undone"


def test_severity_is_the_weighted_mean_and_percentile_of_the_differences():
    lut = _cube(lambda c: 0.9 * c + 0.05)
    natural = natural_colours()
    difference = delta_e_2000(encoded_to_lab(0.9 * natural.encoded + 0.05), natural.lab)
    found = severity(lut)
    assert found.mean == pytest.approx(difference @ natural.weights, rel=1e-5)
    below = natural.weights[difference <= found.p95 + 1e-6].sum()
    assert 0.95 <= below < 0.95 + natural.weights.max()
    assert mean_difference(lambda c: 0.9 * c + 0.05) == pytest.approx(found.mean, rel=1e-5)


def test_severity_takes_curves_and_domains():
    ramp = np.linspace(0, 1, 256)[:, None].repeat(3, axis=1)
    curve, cube = luts.Lut1D(ramp**1.2), _cube(lambda c: c**1.2, size=65)
    assert severity(curve).mean == pytest.approx(severity(cube).mean, rel=2e-3)
    doubled = luts.Lut3D(luts.identity(5).table * 2, domain_max=(2, 2, 2))
    assert severity(doubled).mean < 1e-4


def test_clipping_is_counted_where_a_channel_is_lost():
    natural = natural_colours()
    found = severity(_cube(lambda c: np.clip(2 * c, 0, 1), size=33))
    expected = natural.weights[(natural.encoded >= 0.5).any(axis=1)].sum()
    assert found.clipped == pytest.approx(expected, abs=1e-3)  # colours at one half by a hair
    assert found.uniform.clipped == pytest.approx(1 - 0.5**3, abs=1e-6)
    assert "clipping" in found.verdict


@pytest.mark.parametrize("seed", range(5))
def test_determinants_of_a_matrix_are_its_determinant_everywhere(seed):
    matrix = np.random.default_rng(seed).normal(size=(3, 3))
    table = nodes(4) @ matrix.T
    assert np.allclose(determinants(table), np.linalg.det(matrix), atol=1e-5)


def test_a_single_moved_node_folds_the_tetrahedra_around_it():
    table = nodes(9)
    table[4, 4, 4, 0] += 1.5 / 8  # past its right-hand neighbour
    folded = determinants(table) < 0
    assert folded.any()
    where = np.argwhere(folded)[:, 1:]
    assert (where >= 3).all() and (where <= 4).all()


def test_each_colour_finds_its_own_tetrahedron(rng):
    """A tetrahedron's determinant equals the Jacobian by differences inside it."""
    table = nodes(4) + rng.normal(scale=0.05, size=(4, 4, 4, 3))
    lut = luts.Lut3D(table)
    colours = rng.uniform(0.02, 0.98, (50, 3))
    step = 1e-6
    columns = [
        luts.apply(lut, colours + step * axis, engine="numpy")
        - luts.apply(lut, colours - step * axis, engine="numpy")
        for axis in np.eye(3)
    ]
    jacobian = np.stack(columns, axis=-1) / (2 * step)
    found = determinants_at(determinants(lut.table), colours)
    assert np.allclose(found, np.linalg.det(jacobian), atol=1e-4)


def test_paths_are_the_six_orders_of_the_axes():
    assert len(PATHS) == 6 and list(PATHS) == sorted(PATHS)


def test_the_mirrored_cube_is_all_folds():
    found = severity(_cube(lambda c: 1 - c))
    assert found.folded == 1
    assert found.natural.determinant_median == pytest.approx(-1, abs=1e-4)


def test_a_grey_cube_keeps_no_volume():
    found = severity(_cube(lambda c: c.mean(axis=-1, keepdims=True).repeat(3, axis=-1)))
    assert found.natural.merging == found.uniform.merging == 1
    assert found.folded == 0


def test_the_record_is_named_and_plain():
    record = severity(luts.identity(5)).record()
    assert record["set"] == NATURAL_SET
    assert set(record["natural"]) == set(record["uniform"])


def test_natural_colours_are_weighted_colours():
    natural = natural_colours()
    assert natural.weights.sum() == pytest.approx(1)
    assert (np.diff(natural.weights) <= 1e-12).all()
    assert natural.encoded.min() >= 0 and natural.encoded.max() <= 1
    assert 1000 < len(natural.weights) < 5000


def test_the_histogram_stands_for_its_photographs(shared):
    """Rebuilding gives the file, and cells measure a LUT close to the pixels themselves."""
    with make_natural_colours.PHOTOS.open() as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    photos = [
        make_natural_colours.read_photo(shared / "photos" / row["file"], row["sha256"])
        for row in rows
    ]
    colours, shares = make_natural_colours.histogram(photos)
    natural = natural_colours()
    assert np.abs(colours - natural.encoded).max() < 1e-4
    assert np.abs(shares / natural.weights - 1).max() < 1e-3

    samples = [photo[::37].astype(np.float32) for photo in photos]
    for family, tolerance in (("film", 0.01), ("crosstalk", 0.03)):
        lut = luts.random_lut(family, seed=0, severity=4)
        means = [
            delta_e_2000(encoded_to_lab(luts.apply(lut, pixels)), encoded_to_lab(pixels)).mean()
            for pixels in samples
        ]
        assert severity(lut).mean == pytest.approx(np.mean(means), rel=tolerance)


def test_another_photograph_is_refused(tmp_path):
    cv2.imwrite(str(tmp_path / "other.png"), np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(SystemExit, match="SHA-256 differs"):
        make_natural_colours.read_photo(tmp_path / "other.png", "0" * 64)


def test_photographs_of_the_set_are_free():
    with make_natural_colours.PHOTOS.open() as stream:
        licences = {row["licence"] for row in csv.DictReader(stream, delimiter="\t")}
    assert licences == {"CC0-1.0", "public domain (NASA)"}
