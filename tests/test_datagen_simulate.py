"""The virtual camera: truth, noise and clipping."""

from dataclasses import replace

import numpy as np
import pytest

from datagen.camera.simulate import (
    SENSORS,
    UNIT_TIME_S,
    Exposure,
    bracket,
    mosaic_of,
    photograph,
    true_camera,
    true_linear,
)
from luts.tool.seeding import sample_rng

UNIT = Exposure(UNIT_TIME_S)


@pytest.fixture(params=SENSORS)
def sensor(request):
    return SENSORS[request.param]


def grey(value, shape=(64, 96)):
    return np.full((*shape, 3), value, np.float32)


def test_every_preset_sees_every_srgb_colour_with_positive_channels(sensor):
    assert (sensor.mix > 0).all()
    np.testing.assert_allclose(sensor.mix.sum(1), 1, atol=1e-12)
    assert sensor.neutral_d65.max() == sensor.neutral_d65[1] == 1
    assert np.linalg.cond(sensor.mix) < 5  # a worse matrix would amplify noise beyond real cameras


def test_the_four_presets_cover_the_four_bayer_phases():
    assert {sensor.pattern for sensor in SENSORS.values()} == {"RGGB", "BGGR", "GRBG", "GBRG"}


def test_truth_under_daylight_is_the_scene_times_the_gain(sensor, rng):
    scene = rng.uniform(0, 3, (8, 10, 3)).astype(np.float32)
    exposure = Exposure(UNIT_TIME_S / 4, iso=200)
    np.testing.assert_allclose(true_linear(scene, sensor, exposure), scene / 2, atol=2e-6)


def test_white_one_is_where_green_saturates(sensor):
    """`linear` 1.0 means the sensor's clip at EV 0: notes of the raw path rest on this."""
    camera = true_camera(grey(1.0), sensor, UNIT)
    np.testing.assert_allclose(camera[0, 0], sensor.neutral_d65, rtol=1e-6)
    just_below, at_white = (photograph(grey(v), sensor, UNIT).max() for v in (0.99, 1.001))
    assert just_below < sensor.white_level == at_white


@pytest.mark.parametrize("light", [(1.5, 1.0, 0.4), (0.8, 1.0, 1.3)])
def test_a_grey_card_under_coloured_light_comes_out_grey(sensor, light):
    scene = grey(0.3) * np.float32(light)
    truth = true_linear(scene, sensor, Exposure(UNIT_TIME_S, light=light))
    np.testing.assert_allclose(truth, np.broadcast_to(truth[..., 1:2], truth.shape), rtol=1e-5)
    # The scale of the light is of no consequence; only its colour is.
    brighter = Exposure(UNIT_TIME_S, light=tuple(7 * value for value in light))
    np.testing.assert_allclose(true_linear(scene, sensor, brighter), truth, rtol=1e-5)


def test_the_noise_free_mosaic_is_the_truth_rounded_to_codes(sensor, rng):
    scene = rng.uniform(0, 0.9, (16, 16, 3)).astype(np.float32)
    codes = photograph(scene, sensor, UNIT)
    span = sensor.white_level - sensor.black_level
    expected = sensor.black_level + span * mosaic_of(
        true_camera(scene, sensor, UNIT), sensor.pattern
    )
    assert np.abs(codes - expected).max() <= 0.5 + span * 1e-6


def test_a_mosaic_takes_each_site_from_its_own_channel():
    camera = np.stack([np.full((4, 4), value) for value in (1, 2, 3)], axis=2)
    np.testing.assert_array_equal(mosaic_of(camera, "RGGB")[:2, :2], [[1, 2], [2, 3]])
    np.testing.assert_array_equal(mosaic_of(camera, "GBRG")[2:, 2:], [[2, 3], [1, 2]])


@pytest.mark.parametrize("iso", [100, 800])
@pytest.mark.parametrize("value", [0.02, 0.3, 0.8])
def test_noise_has_the_variance_of_the_profile(sensor, value, iso):
    """DNG 1.7.1, NoiseProfile: variance = S x + O on raw values in [0, 1]."""
    scene = grey(value, (256, 256))
    exposure = Exposure(UNIT_TIME_S * 100 / iso, iso=iso)
    codes = photograph(scene, sensor, exposure, sample_rng(1, f"{value}-{iso}"))
    green = codes[mosaic_of(np.float32([[[0, 1, 0]]]) * grey(1, codes.shape), sensor.pattern) == 1]
    raw = (green.astype(float) - sensor.black_level) / (sensor.white_level - sensor.black_level)
    shot, read = sensor.noise_profile(iso)
    level = float(true_camera(grey(value, (2, 2)), sensor, exposure)[0, 0, 1])
    # 32768 sites: the standard error of a variance is 0.8 %, of the mean well below 1e-3.
    assert raw.var() == pytest.approx(shot * level + read, rel=0.04)
    assert raw.mean() == pytest.approx(level, abs=5 * np.sqrt((shot * level + read) / raw.size))


def test_darkness_scatters_around_black_and_is_not_cut_at_black(sensor):
    codes = photograph(grey(0, (128, 128)), sensor, UNIT, sample_rng(1, "dark")).astype(int)
    assert codes.min() < sensor.black_level < codes.max()
    assert codes.mean() == pytest.approx(sensor.black_level, abs=0.2)


def test_the_sun_clips_at_the_sensor_with_or_without_noise(sensor):
    for generator in (None, sample_rng(0, "sun")):
        codes = photograph(grey(2.0**30), sensor, UNIT, generator)
        assert (codes == sensor.white_level).all()


def test_below_base_iso_the_full_well_clips_before_the_converter(sensor):
    low = replace(UNIT, iso=sensor.base_iso // 2, time_s=UNIT_TIME_S * 8)
    codes = photograph(grey(4.0), sensor, low)
    span = sensor.white_level - sensor.black_level
    plateau = sensor.black_level + span * sensor.full_well / sensor.electrons(low.iso)
    assert codes.max() == round(plateau) < sensor.white_level


def test_a_series_has_exact_steps_and_noise_and_clipping_of_its_own(sensor):
    scene = grey(0.3, (64, 64))
    clean = dict(zip((-1, 0, 1, 2), bracket(scene, sensor, UNIT, evs=(-1, 0, 1, 2)), strict=True))
    light = {ev: int(codes.max()) - sensor.black_level for ev, (_, codes) in clean.items()}
    assert light[0] == pytest.approx(2 * light[-1], abs=1.5)
    assert light[1] == pytest.approx(2 * light[0], abs=1.5)
    assert light[2] == sensor.white_level - sensor.black_level  # 1.2 of white: clipped
    assert [shot.time_s / UNIT_TIME_S for shot, _ in clean.values()] == [0.5, 1, 2, 4]
    noisy = [codes for _, codes in bracket(scene, sensor, UNIT, evs=(0, 0), rng=sample_rng(0, "a"))]
    assert (noisy[0] != noisy[1]).any()


def test_a_shot_is_decided_by_the_name_of_its_generator(sensor, rng):
    scene = rng.uniform(0, 1, (32, 48, 3)).astype(np.float32)
    first, again, other = (
        photograph(scene, sensor, UNIT, sample_rng(3, name)) for name in ("a", "a", "b")
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.5


def test_a_pattern_that_is_not_bayer_is_refused():
    with pytest.raises(ValueError, match=r"one of RGGB, BGGR, GRBG, GBRG: 'RGBG'"):
        replace(SENSORS["phone-12bit"], pattern="RGBG")


def test_levels_outside_the_converter_are_refused():
    with pytest.raises(ValueError, match=r"black < white < 2\*\*bits"):
        replace(SENSORS["phone-12bit"], white_level=4096)


def test_an_exposure_without_time_is_refused():
    with pytest.raises(ValueError, match="must be positive"):
        Exposure(0.0)


@pytest.mark.parametrize(
    ("scene", "message"),
    [(np.zeros((4, 4), np.float32), r"\(H, W, 3\)"), (grey(np.nan), "finite")],
)
def test_a_scene_that_is_not_light_is_refused(scene, message):
    with pytest.raises(ValueError, match=message):
        photograph(scene, SENSORS["phone-12bit"], UNIT)
