import numpy as np
import pytest

from datagen.camera.dng import write_dng
from datagen.camera.sensors import SENSORS
from datagen.camera.simulate import Exposure, mosaic_of, photograph, true_camera
from datagen.develop.series import develop_series, linear, linear_with_noise
from datagen.raw.noise import NoiseError, add_to_mosaic, measure_profile, profile_of
from datagen.raw.read import read_raw

UNIT = Exposure(1 / 60)
RAMP = np.repeat(np.linspace(0.02, 0.8, 768)[None, :, None], 512, 0).repeat(3, 2).astype(np.float32)


def shoot(path, sensor, exposure=UNIT, seed=1, light=RAMP):
    mosaic = photograph(light, sensor, exposure, np.random.default_rng(seed))
    write_dng(path, mosaic, sensor, exposure)
    return read_raw(path)


def site_variance(photo, sensor, exposure):
    """Mean squared difference of a mosaic from its noise-free light, in codes."""
    true = mosaic_of(true_camera(RAMP, sensor, exposure), sensor.pattern)
    codes = sensor.black_level + true * (sensor.white_level - sensor.black_level)
    return np.mean((photo.mosaic - codes) ** 2)


@pytest.mark.parametrize("ev", [-1.5, -1.0])
@pytest.mark.parametrize("name", sorted(SENSORS))
def test_mosaic_noise_is_that_of_a_shorter_exposure(tmp_path, name, ev):
    sensor, short = SENSORS[name], Exposure(UNIT.time_s * 2.0**ev)
    photo = shoot(tmp_path / "a.dng", sensor)
    noisy = add_to_mosaic(photo, ev, photo.noise_profile, np.random.default_rng(7))
    truth = site_variance(shoot(tmp_path / "b.dng", sensor, short, seed=2), sensor, short)
    assert site_variance(noisy, sensor, UNIT) * 4.0**ev == pytest.approx(truth, rel=0.03)


@pytest.mark.parametrize("domain", ["rgb", "mosaic"])
def test_developed_noise_is_that_of_a_shorter_exposure(tmp_path, domain):
    sensor, ev, size = SENSORS["phone-12bit"], -1.5, 192
    photo = shoot(tmp_path / "a.dng", sensor)
    short = Exposure(UNIT.time_s * 2.0**ev)

    def noise(picture):  # down the columns the scene is constant
        return np.var(picture[2:-2] - picture[2:-2].mean(0), axis=(0, 1))

    rng = np.random.default_rng(7)
    made = linear_with_noise(photo, ev, size, domain=domain, rng=rng) * 2.0**ev
    truth = linear(shoot(tmp_path / "b.dng", sensor, short, seed=2), size)
    np.testing.assert_allclose(noise(made), noise(truth), rtol=0.06)  # 23,000 pixels: sd 1 % each
    gained = noise(linear(photo, size) * 2.0**ev)
    assert (gained < 0.5 * noise(truth)).all()  # what the option is for


@pytest.mark.parametrize("name", sorted(SENSORS))
def test_noise_is_measured_from_the_picture(tmp_path, name):
    sensor = SENSORS[name]
    photo = shoot(tmp_path / "a.dng", sensor)
    shot, read = sensor.noise_profile(100)
    for measured_shot, measured_read in measure_profile(photo):
        for x in (0.05, 0.2, 0.6):
            assert measured_shot * x + measured_read == pytest.approx(shot * x + read, rel=0.15)


def test_clipped_sites_stay_clipped_and_others_stay_below(tmp_path):
    sensor = SENSORS["reflex-14bit"]
    photo = shoot(tmp_path / "a.dng", sensor, light=np.where(RAMP > 0.5, 3, RAMP))
    noisy = add_to_mosaic(photo, -1.5, photo.noise_profile, np.random.default_rng(0))
    np.testing.assert_array_equal(noisy.mosaic >= photo.white, photo.mosaic >= photo.white)


def test_a_longer_exposure_cannot_be_imitated(tmp_path):
    photo = shoot(tmp_path / "a.dng", SENSORS["reflex-14bit"])
    rng = np.random.default_rng(0)
    with pytest.raises(NoiseError, match=r"EV \+1: a longer exposure has less noise"):
        linear_with_noise(photo, 1.0, 64, domain="rgb", rng=rng)
    with pytest.raises(NoiseError, match="one"):
        profile_of(((1e-4, 0.0), (1e-4, 0.0)), 3)
    with pytest.raises(ValueError, match="domain"):
        linear_with_noise(photo, -1.0, 64, domain="jpeg", rng=rng)


def test_a_series_with_noise_changes_only_the_darker_pictures(tmp_path):
    photo = shoot(tmp_path / "a.dng", SENSORS["phone-12bit"])
    clean = list(develop_series(photo, (-1, 0, 1), 96))
    rng = np.random.default_rng(0)
    noisy = list(develop_series(photo, (-1, 0, 1), 96, noise="rgb", rng=rng))
    same = [bool((a == b).all()) for a, b in zip(clean, noisy, strict=True)]
    assert same == [False, True, True]
