from dataclasses import replace

import cv2
import numpy as np
import pytest

from datagen.camera.dng import write_dng
from datagen.camera.sensors import SENSORS
from datagen.camera.simulate import Exposure, photograph, true_linear
from datagen.develop.encoder import Encoder
from datagen.develop.series import baseline_shift, develop, develop_series, linear
from datagen.develop.tone import TONES
from datagen.raw.highlights import HIGHLIGHTS
from datagen.raw.light import camera_light, colours_from, output_size
from datagen.raw.mosaic import Grid, reduce_bayer
from datagen.raw.read import read_raw
from luts.colour.transfer import decode_srgb, encode_srgb

EVS = (-1.5, -1.0, 0.0, 1.0, 1.5)
UNIT = Exposure(1 / 60)


def scene(shape=(240, 360), brightest=0.9):
    """Smooth colours, edges and a light source, linear sRGB within every sensor's gamut."""
    rng = np.random.default_rng(5)
    coarse = rng.uniform(0.05, 1, (6, 9, 3)).astype(np.float32)
    picture = cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_LINEAR) * brightest
    picture[shape[0] // 3 : shape[0] // 2, shape[1] // 2 :] *= 0.25
    return picture


def shoot(path, light, name="reflex-14bit", exposure=UNIT, rng=None, **options):
    """Photograph a scene and read the file back."""
    sensor = SENSORS[name]
    write_dng(path, photograph(light, sensor, exposure, rng), sensor, exposure, **options)
    return read_raw(path)


def averaged(picture, size):
    return cv2.resize(picture, size[::-1], interpolation=cv2.INTER_AREA)


def psnr(estimate, reference):
    return -10 * np.log10(np.mean((estimate.astype(float) - reference) ** 2))


def unclipped(estimate, reference):
    """Pixels above the noise and below white in both, and whose neighbours are so too."""
    both = np.concatenate([estimate, reference], axis=2)
    good = (both.max(axis=2) < 0.98) & (both.min(axis=2) > 0.02)
    return cv2.erode(good.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0


@pytest.mark.parametrize("long_edge", [90, None])
@pytest.mark.parametrize("name", sorted(SENSORS))
def test_a_series_from_one_frame_matches_frames_taken_at_those_exposures(tmp_path, name, long_edge):
    light = scene()
    clean = linear(shoot(tmp_path / "a.dng", light, name), long_edge)
    for ev in EVS:
        exposure = Exposure(UNIT.time_s * 2.0**ev)
        taken = linear(shoot(tmp_path / "b.dng", light, name, exposure), long_edge)
        estimate = clean * np.float32(2.0**ev)
        good = unclipped(estimate, taken)
        error = np.abs(np.log2(estimate[good].mean(1) / taken[good].mean(1)))
        assert good.mean() > 0.05
        assert np.median(error) <= 0.005 and np.quantile(error, 0.95) <= 0.02


@pytest.mark.parametrize("name", sorted(SENSORS))
def test_development_gives_the_light_of_the_scene(tmp_path, name):
    coarse = np.random.default_rng(6).uniform(0.1, 0.9, (4, 6, 3)).astype(np.float32)
    light = cv2.resize(coarse, (360, 240), interpolation=cv2.INTER_CUBIC).clip(0.05, 0.95)
    estimate = linear(shoot(tmp_path / "a.dng", light, name), 90)
    truth = averaged(true_linear(light, SENSORS[name], UNIT), estimate.shape[:2])
    error = np.abs(np.log2(estimate.mean(2) / truth.mean(2)))
    assert np.median(error) <= 0.002 and np.quantile(error, 0.95) <= 0.005


@pytest.mark.parametrize("name", sorted(SENSORS))
def test_log_light_rises_by_one_per_stop_in_the_encoded_picture(tmp_path, name):
    photo = shoot(tmp_path / "a.dng", scene(brightest=0.3), name)
    series = develop_series(photo, EVS, 90, bits=16)
    light = [np.log2(decode_srgb(image / 65535).mean()) for image in series]
    assert np.polyfit(EVS, light, 1)[0] == pytest.approx(1, abs=0.002)


@pytest.mark.parametrize("light", [(1, 1, 1), (1.0, 0.7, 0.4)])
@pytest.mark.parametrize("name", ["phone-12bit", "reflex-14bit", "mirrorless-14bit"])
def test_grey_stays_grey(tmp_path, name, light):
    # Not the 10-bit sensor: one step of its converter in the shadows is more than 1/255 at +1.5 EV.
    exposure = Exposure(1 / 60, light=light)
    grey = np.linspace(0.04, 0.9, 240)[None, :, None] * np.ones((160, 1, 1)) * np.array(light)
    photo = shoot(tmp_path / "a.dng", grey.astype(np.float32), name, exposure)
    for long_edge, border in ((60, 0), (None, 4)):  # LibRaw's demosaic differs at the border
        for image in develop_series(photo, EVS, long_edge):
            inner = image[border : len(image) - border, border : image.shape[1] - border]
            assert np.ptp(inner.astype(int), axis=2).max() <= 1


@pytest.mark.parametrize("pattern", ["RGGB", "BGGR", "GRBG", "GBRG"])
@pytest.mark.parametrize("size", [60, 77, 110, 120])
def test_a_ramp_keeps_its_place_through_the_mosaic_reduction(tmp_path, pattern, size):
    across = np.linspace(0.1, 0.8, 240)[None, :] + np.linspace(-0.05, 0.05, 160)[:, None]
    ramp = np.repeat(across[:, :, None], 3, axis=2).astype(np.float32)
    sensor = replace(SENSORS["reflex-14bit"], pattern=pattern)
    write_dng(tmp_path / "a.dng", photograph(ramp, sensor, UNIT), sensor, UNIT)
    estimate = linear(read_raw(tmp_path / "a.dng"), size)
    truth = averaged(ramp, estimate.shape[:2])
    per_pixel = np.diff(truth, axis=1).mean()
    assert (np.abs(estimate - truth) / per_pixel).max() < 0.05  # output pixels, borders too


def test_reduction_weighs_an_impulse_once_and_sums_to_one():
    rows, columns = Grid(0, 64 / 13, 13), Grid(3, 90 / 17, 17)
    black = np.zeros((2, 2), np.float32)
    flat = np.full((64, 96), 1000, np.uint16)
    planes, clipped = reduce_bayer(flat, rows, columns, black=black, white=2000)
    np.testing.assert_allclose(planes, 0.5, atol=1e-6)
    assert (clipped == 0).all()
    single = np.zeros((64, 96), np.uint16)
    single[32, 40] = 2000
    planes, clipped = reduce_bayer(single, rows, columns, black=black, white=2000)
    area = rows.step * columns.step / 4  # output pixels cover so many samples of the plane
    assert planes[0, 0].sum() * area == pytest.approx(1, abs=0.02)
    assert (planes[0, 1] == 0).all() and clipped[0, 0].max() > 0


@pytest.mark.parametrize("name", ["canon_s40_CRW_0119.CRW", "canon_g2_CRW_0304.CRW"])
def test_both_ways_to_a_small_picture_agree(shared, monkeypatch, name):
    photo = read_raw(shared / "raw" / name)
    direct = linear(photo, 512)
    monkeypatch.setattr("datagen.raw.light.LEAST_REDUCTION", np.inf)
    full = linear(photo, 512)
    encoded = [encode_srgb(np.clip(picture, 0, 1)) for picture in (direct, full)]
    assert psnr(*encoded) >= 45
    np.testing.assert_allclose(direct.mean((0, 1)), full.mean((0, 1)), rtol=0.002)  # colour
    window = cv2.createHanningWindow(direct.shape[1::-1], cv2.CV_32F)
    for channel in range(3):
        (x, y), _ = cv2.phaseCorrelate(encoded[0][..., channel], encoded[1][..., channel], window)
        assert max(abs(x), abs(y)) < 0.1


def test_xtrans_and_all_bayer_phases_show_the_same_scene_in_the_same_place(shared):
    first, *others = (
        encode_srgb(np.clip(linear(read_raw(shared / f"raw/derived/{n}_from_s40.dng"), 192), 0, 1))
        for n in ("bayer_rggb", "bayer_bggr", "bayer_grbg", "bayer_gbrg", "xtrans")
    )
    window = cv2.createHanningWindow(first.shape[1::-1], cv2.CV_32F)
    for picture in others:  # sharp to the pixel, so that each pattern aliases in its own way
        assert psnr(picture, first) > 30
        for channel in range(3):
            shift, _ = cv2.phaseCorrelate(picture[..., channel], first[..., channel], window)
            assert np.abs(shift).max() < 0.1


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_orientation_is_applied_once_at_the_end(tmp_path, orientation):
    light = np.full((64, 96, 3), 0.1, np.float32)
    light[:24, :24] = 0.8
    for long_edge in (24, None):
        image = develop(shoot(tmp_path / "a.dng", light, orientation=orientation), 0, long_edge)
        assert (image.shape[0] > image.shape[1]) == (orientation in (6, 8))
        corner = {1: (0, 0), 3: (-1, -1), 6: (0, -1), 8: (-1, 0)}[orientation]
        assert image[corner].min() > 150 and np.median(image) < 100


def test_default_crop_and_pixel_shape_set_the_size(tmp_path, shared):
    across = np.linspace(0.1, 0.8, 96)[None, :] + np.linspace(-0.05, 0.05, 64)[:, None]
    light = np.repeat(across[:, :, None], 3, axis=2).astype(np.float32)
    photo = shoot(tmp_path / "a.dng", light, crop=(5, 3, 80, 60))
    assert output_size(photo, None) == (60, 80)
    for size in ((15, 20), (60, 80)):
        truth = averaged(light[3:63, 5:85], size)
        np.testing.assert_allclose(linear(photo, size[1]), truth, atol=0.001)
    kodak = read_raw(shared / "raw/kodak_dc120_P003908.KDC")
    assert output_size(kodak, None) == (976, 1301)
    assert output_size(photo, 9999) == (60, 80)


def test_baseline_exposure_is_applied_only_on_request(tmp_path):
    photo = shoot(tmp_path / "a.dng", scene((64, 96), 0.2), baseline_exposure=1.0)
    assert baseline_shift(photo, "ignore") == 0 and baseline_shift(photo, "dng") == 1
    plain = develop(photo, 0, 32)
    np.testing.assert_array_equal(develop(photo, 0, 32, baseline="ignore"), plain)
    np.testing.assert_array_equal(develop(photo, 0, 32, baseline="dng"), develop(photo, 1, 32))


@pytest.mark.parametrize("mode", sorted(HIGHLIGHTS))
def test_no_highlight_mode_touches_what_is_not_clipped(tmp_path, mode):
    photo = shoot(tmp_path / "a.dng", scene(brightest=0.45))
    np.testing.assert_array_equal(
        linear(photo, 90, highlights=mode), linear(photo, 90, highlights="clip")
    )


@pytest.mark.parametrize("mode", sorted(HIGHLIGHTS))
def test_a_blown_white_is_neutral_at_every_ev(tmp_path, mode):
    light = np.full((96, 144, 3), 0.2, np.float32)
    light[32:64, 48:96] = 20
    photo = shoot(tmp_path / "a.dng", light)
    picture = linear(photo, 36, highlights=mode)[10:14, 14:22]
    assert picture.min() > 0.95
    assert (np.ptp(picture, axis=2) / picture.mean(axis=2)).max() < 0.02


def test_rebuilding_recovers_a_neutral_scene_above_clipping():
    # A grey of 1.2 and 1.8 with gains 2, 1, 1.67: green clips at 1, the others do not before 1.67.
    for level, tolerance in ((1.2, 0.02), (1.5, 0.02)):
        light = np.full((20, 20, 3), 0.9, np.float32)
        light[5:15, 5:15] = (level, 1, level)
        clipped = np.zeros_like(light)
        clipped[5:15, 5:15, 1] = 1
        rebuilt = HIGHLIGHTS["rebuild"](light, clipped)[10, 10]
        np.testing.assert_allclose(rebuilt, level, rtol=tolerance)
        blended = HIGHLIGHTS["blend"](light, clipped)[10, 10]
        np.testing.assert_allclose(blended, (2 * level + 1) / 3, rtol=1e-5)


@pytest.mark.parametrize("ev", [-1.5, 0, 1, 18])
def test_codes_are_those_of_double_precision(ev):
    span = np.linspace(0, 1, 200_001) / 2.0**ev
    near_steps = decode_srgb((np.arange(255) + 0.5) / 255) / 2.0**ev
    around = [np.nextafter(np.float32(near_steps), np.float32(side)) for side in (0, 9)]
    light = np.concatenate([np.float32(span), np.float32(near_steps), *around])
    want = np.rint(encode_srgb(np.minimum(light.astype(float) * 2.0**ev, 1)) * 255)
    np.testing.assert_array_equal(Encoder(light.reshape(1, -1, 1)).codes(ev).ravel(), want)


def test_codes_of_light_out_of_range():
    odd = np.float32([-np.inf, -1, 0, 2, 1e30, np.inf]).reshape(1, -1, 1)
    assert Encoder(odd).codes().ravel().tolist() == [0, 0, 0, 255, 255, 255]
    half = Encoder(np.full((1, 1, 3), 0.21404114, np.float32)).codes(0, 16)  # sRGB 0.5
    assert np.abs(half.astype(int) - 32768).max() <= 1
    with pytest.raises(ValueError, match="18"):
        Encoder(odd).codes(30)
    with pytest.raises(TypeError, match="float64"):
        Encoder(odd.astype(float))


@pytest.mark.parametrize("tone", sorted(TONES))
def test_tone_curves_rise_from_black_to_white(tone):
    curve = TONES[tone](np.linspace(0, 1, 1001).astype(np.float32))
    assert curve[0] == pytest.approx(0, abs=1e-6) and curve[-1] == pytest.approx(1)
    assert (np.diff(curve) > 0).all()


def test_developing_is_the_same_on_any_number_of_threads(tmp_path):
    photo = shoot(tmp_path / "a.dng", scene(), rng=np.random.default_rng(0))
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        one = [develop(photo, 0.5, size) for size in (90, None)]
        cv2.setNumThreads(4)
        four = [develop(photo, 0.5, size) for size in (90, None)]
    finally:
        cv2.setNumThreads(threads)
    for a, b in zip(one, four, strict=True):
        np.testing.assert_array_equal(a, b)


def test_unknown_names_and_sizes_are_refused(tmp_path):
    photo = shoot(tmp_path / "a.dng", scene((64, 96)))
    for settings, message in (
        ({"highlights": "magic"}, "clip, blend, rebuild"),
        ({"tone": "magic"}, "none, filmic"),
        ({"baseline": "magic"}, "'ignore' or 'dng'"),
        ({"noise": "magic"}, "'none', 'rgb' or 'mosaic'"),
        ({"noise": "rgb"}, "generator"),
        ({"demosaic": "magic", "long_edge": None}, "ahd"),
        ({"long_edge": 0}, "long_edge"),
        ({"bits": 12}, "8 or 16"),
    ):
        with pytest.raises(ValueError, match=message):
            develop(photo, 0, **{"long_edge": 32, **settings})


def test_clipped_shares_are_those_of_the_frame(tmp_path):
    light = np.full((96, 144, 3), 0.2, np.float32)
    light[:, 72:] = 3
    photo = shoot(tmp_path / "a.dng", light)
    for long_edge in (24, None):
        share = camera_light(photo, long_edge).clipped.mean((0, 1))
        np.testing.assert_allclose(share, 0.5, atol=0.01)


def test_a_photo_says_where_its_colours_come_from(tmp_path, shared):
    photo = shoot(tmp_path / "a.dng", scene((64, 96)))
    assert colours_from(photo, 32) == "mosaic"
    assert colours_from(photo) == "LibRaw ahd"
    assert colours_from(photo, None, "malvar") == "malvar"
    kodak = read_raw(shared / "raw/kodak_dc120_P003908.KDC")  # its pixels are not square
    assert colours_from(kodak) == "malvar"
