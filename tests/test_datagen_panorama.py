"""Views out of equirectangular panoramas."""

import math

import numpy as np
import pytest

from datagen.camera.panorama import is_panorama, perspective_view


def sphere(height):
    """A panorama whose colour is the direction it lies in: x right, y up, z ahead."""
    longitude = ((np.arange(2 * height) + 0.5) / (2 * height) - 0.5) * math.tau
    latitude = (0.5 - (np.arange(height) + 0.5) / height) * math.pi
    x = np.cos(latitude)[:, None] * np.sin(longitude)
    z = np.cos(latitude)[:, None] * np.cos(longitude)
    y = np.broadcast_to(np.sin(latitude)[:, None], x.shape)
    return np.float32(np.stack([x, y, z], axis=-1))


@pytest.mark.parametrize("yaw", [-180, -75, 0, 30, 179])
@pytest.mark.parametrize("pitch", [-40, 0, 65])
def test_the_centre_of_a_view_looks_where_it_is_pointed(yaw, pitch):
    view = perspective_view(sphere(256), yaw=yaw, pitch=pitch, size=(65, 43))
    turn, lift = math.radians(yaw), math.radians(pitch)
    ahead = (math.sin(turn) * math.cos(lift), math.sin(lift), math.cos(turn) * math.cos(lift))
    np.testing.assert_allclose(view[21, 32], ahead, atol=2e-3)


@pytest.mark.parametrize("fov", [40, 70, 110])
def test_the_long_edge_spans_the_field_of_view(fov):
    """The outermost pixel centres of a 200 pixel row lie half a pixel inside the edges."""
    view = perspective_view(sphere(512), fov=fov, size=(200, 100))
    row = view[50] / np.linalg.norm(view[50], axis=-1, keepdims=True)
    spanned = math.degrees(math.acos(float(row[0] @ row[-1])))
    reach = math.tan(math.radians(fov / 2)) * 199 / 200
    assert spanned == pytest.approx(2 * math.degrees(math.atan(reach)), abs=0.1)


def test_every_pixel_follows_the_pinhole_projection():
    width, height, fov = 48, 32, 70
    view = perspective_view(sphere(1024), fov=fov, size=(width, height))
    step = 2 * math.tan(math.radians(fov / 2)) / width
    x = (np.arange(width) + 0.5 - width / 2) * step
    y = (height / 2 - np.arange(height) - 0.5) * step
    plane = np.stack([*np.broadcast_arrays(x, y[:, None]), np.ones((height, width))], axis=-1)
    wanted = plane / np.linalg.norm(plane, axis=-1, keepdims=True)
    np.testing.assert_allclose(view, wanted, atol=1e-3)


def test_turning_the_camera_is_rolling_the_panorama(rng):
    panorama = rng.uniform(0, 4, (64, 128, 3)).astype(np.float32)
    turned = perspective_view(panorama, yaw=90, size=(48, 32))
    rolled = perspective_view(np.roll(panorama, -32, axis=1), yaw=0, size=(48, 32))
    np.testing.assert_allclose(turned, rolled, atol=2e-3)


def test_light_is_averaged_over_the_area_of_a_pixel(rng):
    """A point sampler would miss most of the lamps; their light must arrive on average."""
    panorama = np.zeros((1024, 2048, 3), np.float32)
    near = panorama[400:624, 800:1248]
    near[rng.random(near.shape[:2]) < 0.1] = 100
    view = perspective_view(panorama, fov=60, size=(24, 16))
    assert view[4:12, 6:18].mean() == pytest.approx(10, rel=0.05)
    assert (view[4:12, 6:18] > 0).all()


def test_a_sun_makes_no_pixel_negative_and_nothing_above_itself():
    panorama = np.full((256, 512, 3), 0.5, np.float32)
    panorama[128, 256] = 2.0**20
    view = perspective_view(panorama, size=(384, 256))
    assert view.min() == pytest.approx(0.5)
    assert view.max() <= 2.0**20


def test_a_flat_sky_stays_flat_even_at_the_poles_and_the_seam():
    panorama = np.full((64, 128, 3), 0.25, np.float32)
    for yaw, pitch in ((180, 0), (0, 90), (33, -90)):
        view = perspective_view(panorama, yaw=yaw, pitch=pitch, fov=100, size=(40, 30))
        np.testing.assert_allclose(view, 0.25, rtol=1e-6)


def test_only_two_to_one_pictures_are_panoramas():
    assert is_panorama(np.zeros((4, 8, 3)))
    assert not is_panorama(np.zeros((4, 6, 3)))
    with pytest.raises(ValueError, match="twice as wide as high, got 6 x 4"):
        perspective_view(np.zeros((4, 6, 3), np.float32))


def test_a_field_of_view_that_no_lens_has_is_refused():
    with pytest.raises(ValueError, match="between 0 and 180 degrees, got 180"):
        perspective_view(np.zeros((4, 8, 3), np.float32), fov=180)
