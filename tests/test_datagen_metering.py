"""What the simulated camera decides by itself."""

import numpy as np
import pytest

from datagen.camera.metering import KEY, automatic_exposure, estimate_light, meter
from datagen.camera.simulate import SENSORS, UNIT_TIME_S, true_linear

SENSOR = SENSORS["mirrorless-14bit"]


def grey(value, shape=(40, 60)):
    return np.full((*shape, 3), value, np.float32)


@pytest.mark.parametrize("value", [1e-3, 0.2, 5000.0])
def test_a_flat_scene_lands_on_the_key_whatever_its_unit(value):
    assert meter(grey(value)) * value == pytest.approx(KEY, rel=1e-4)


def test_the_log_average_is_the_geometric_mean():
    """Reinhard et al. 2002, equation 1: half at 0.1 and half at 0.4 average to 0.2."""
    scene = np.concatenate([grey(0.1), grey(0.4)])
    assert meter(scene) == pytest.approx(KEY / 0.2, rel=1e-4)


def test_highlights_pull_the_exposure_down_by_a_stop_at_most():
    scene = grey(0.1)
    middle = meter(scene)
    scene[:2] = 0.8  # 5 % of the picture, at eight times the rest
    pulled = meter(scene)
    assert pulled * 0.8 == pytest.approx(1.0, rel=1e-4)
    scene[:2] = 100.0
    log_average = KEY / np.exp(0.95 * np.log(0.1) + 0.05 * np.log(100))
    assert meter(scene) == pytest.approx(log_average / 2, rel=1e-4)
    assert meter(scene) < pulled < middle


def test_a_sun_of_one_pixel_does_not_move_the_meter():
    scene = grey(0.2, (200, 300))
    before = meter(scene)
    scene[100, 150] = 2.0**20
    assert meter(scene) == pytest.approx(before, rel=1e-3)


def test_darkness_is_metered_without_complaint():
    assert meter(grey(0.0)) == 1.0


def test_the_light_of_a_grey_scene_is_white_and_of_a_warm_one_warm():
    assert estimate_light(grey(0.3)) == pytest.approx((1, 1, 1))
    red, green, blue = estimate_light(grey(0.3) * np.float32([1.5, 1, 0.5]))
    assert red > green > blue
    assert red / blue < 1.5 / 0.5  # the balance keeps some of the warmth


def test_a_balanced_warm_scene_is_nearer_to_grey():
    scene = grey(0.3) * np.float32([1.5, 1, 0.5])
    picture = true_linear(scene, SENSOR, automatic_exposure(scene, SENSOR))[0, 0]
    assert 1 < picture[0] / picture[2] < 1.5 / 0.5 / 1.5


@pytest.mark.parametrize("sensor", SENSORS.values(), ids=SENSORS)
@pytest.mark.parametrize("value", [1e-4, 0.02, 1.0, 300.0])
def test_dark_scenes_raise_the_iso_and_the_gain_stays_as_metered(sensor, value):
    exposure = automatic_exposure(grey(value), sensor)
    assert exposure.gain * value == pytest.approx(KEY, rel=1e-4)
    assert exposure.iso == sensor.base_iso or exposure.time_s > 1 / 60 - 1e-9
    assert exposure.iso <= 3200


def test_a_metering_error_is_so_many_stops():
    right, wrong = (automatic_exposure(grey(1.0), SENSOR, bias_ev=bias) for bias in (0, 0.5))
    assert wrong.gain / right.gain == pytest.approx(2**0.5)
    assert right.time_s == pytest.approx(KEY * UNIT_TIME_S, rel=1e-4)
