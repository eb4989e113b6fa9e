"""Segmenting the bright part of a scene."""

import numpy as np
import pytest

from datagen.camera.bright_region import bright_region


@pytest.fixture
def window(rng):
    """A dim room with a bright rectangle, a bright speck, and grain."""
    scene = rng.uniform(0.08, 0.12, (120, 180, 3)).astype(np.float32)
    scene[30:90, 60:120] *= 20
    scene[5:10, 5:10] *= 20
    return scene


def test_the_largest_bright_patch_is_found_and_the_speck_is_not(window):
    region = bright_region(window) > 0
    wanted = np.zeros(region.shape, bool)
    wanted[30:90, 60:120] = True
    assert (region & wanted).sum() / (region | wanted).sum() > 0.97


def test_the_unit_of_the_scene_and_the_sun_in_it_do_not_matter(window):
    region = bright_region(window)
    np.testing.assert_array_equal(bright_region(window * 1000), region)
    window[60, 90] = 2.0**20
    assert ((bright_region(window) > 0) == (region > 0)).mean() > 0.995


def test_a_hole_in_the_patch_is_filled(window):
    window[55:62, 85:92] /= 20
    assert (bright_region(window)[40:80, 70:110] == 255).all()


@pytest.mark.parametrize("value", [0.0, 0.3])
def test_a_flat_picture_has_no_region(value):
    assert bright_region(np.full((60, 90, 3), value, np.float32)) is None


def test_a_patch_too_faint_or_too_large_is_no_region(window):
    faint = window.copy()
    faint[30:90, 60:120] /= 20 / 1.5  # 0.6 stops
    assert bright_region(faint) is None
    large = np.full((120, 180, 3), 2.0, np.float32)
    large[:12] = 0.1
    assert bright_region(large) is None
