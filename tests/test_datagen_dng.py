"""DNG files, checked by the converter everybody uses: LibRaw."""

import numpy as np
import pytest
import rawpy

from datagen.camera.dng import write_dng
from datagen.camera.simulate import SENSORS, UNIT_TIME_S, Exposure, photograph, true_linear

LIGHT = (1.4, 1.0, 0.6)


@pytest.fixture(params=SENSORS)
def sensor(request):
    return SENSORS[request.param]


@pytest.fixture
def exposure():
    return Exposure(UNIT_TIME_S / 2, iso=200, light=LIGHT)


def develop(raw):
    """Linear 16-bit sRGB with every automatism of LibRaw off."""
    return raw.postprocess(
        use_camera_wb=True,
        no_auto_bright=True,
        adjust_maximum_thr=0.0,
        gamma=(1, 1),
        output_bps=16,
        user_flip=0,
        demosaic_algorithm=rawpy.DemosaicAlgorithm.LINEAR,
    )


def test_libraw_reads_back_what_was_written(sensor, exposure, rng, tmp_path):
    mosaic = rng.integers(0, sensor.white_level, (62, 94)).astype(np.uint16)
    path = tmp_path / "shot.dng"
    write_dng(path, mosaic, sensor, exposure, artist="Someone", licence="CC0-1.0")
    with rawpy.imread(str(path)) as raw:
        np.testing.assert_array_equal(raw.raw_image_visible, mosaic)
        assert raw.black_level_per_channel == [sensor.black_level] * 4
        assert raw.white_level == sensor.white_level
        colours = ["RGBG"[site] for site in raw.raw_pattern.ravel()]
        assert "".join(colours) == sensor.pattern
        wanted = 1 / sensor.white(LIGHT)
        np.testing.assert_allclose(raw.camera_whitebalance[:3], wanted, rtol=3e-6)
        np.testing.assert_allclose(raw.color_matrix[:, :3] @ sensor.mix, np.eye(3), atol=1e-6)
        assert raw.other.iso_speed == 200
        assert raw.other.shutter_speed == pytest.approx(UNIT_TIME_S / 2, rel=1e-6)
        assert raw.other.artist == "Someone"


def test_a_flat_patch_comes_back_exact(sensor, exposure, tmp_path):
    """One 16-bit code of the developed picture per raw code: rounding is all that is lost."""
    scene = np.full((32, 48, 3), (0.5, 0.3, 0.1), np.float32)
    write_dng(tmp_path / "flat.dng", photograph(scene, sensor, exposure), sensor, exposure)
    with rawpy.imread(str(tmp_path / "flat.dng")) as raw:
        linear = develop(raw)[8:-8, 8:-8] / 65535
    truth = true_linear(scene, sensor, exposure)[8:-8, 8:-8]
    gains = (np.abs(np.linalg.inv(sensor.mix)) / sensor.white(LIGHT)).sum(1)
    half_a_code = 0.5 / (sensor.white_level - sensor.black_level)
    assert (np.abs(linear - truth) <= gains * half_a_code + 2e-4).all()


def test_orientation_and_crop_reach_the_converter(sensor, exposure, tmp_path):
    mosaic = np.full((40, 60), sensor.black_level, np.uint16)
    path = tmp_path / "turned.dng"
    write_dng(path, mosaic, sensor, exposure, orientation=6, crop=(2, 4, 50, 30))
    with rawpy.imread(str(path)) as raw:
        assert raw.sizes.flip == 6
        assert raw.sizes.crop_left_margin == 2
        assert raw.sizes.crop_top_margin == 4
        assert (raw.sizes.crop_width, raw.sizes.crop_height) == (50, 30)


def test_tags_that_libraw_keeps_to_itself_are_in_the_file(sensor, exposure, tmp_path):
    import tifffile

    mosaic = np.full((4, 4), sensor.black_level, np.uint16)
    path = tmp_path / "tags.dng"
    write_dng(path, mosaic, sensor, exposure, baseline_exposure=-0.25, licence="CC0-1.0")
    with tifffile.TiffFile(path) as file:
        tags = {tag.code: tag.value for tag in file.pages.first.tags}
    assert tags[50730] == (-25, 100)
    assert tags[50708] == sensor.name
    assert tags[51041] == pytest.approx(sensor.noise_profile(exposure.iso))
    assert tags[33432] == "CC0-1.0"
    assert tags[50721][::2] == tuple(round(v * 1e4) for row in sensor.xyz_to_camera for v in row)


def test_the_same_shot_gives_the_same_bytes(sensor, exposure, tmp_path):
    mosaic = np.full((8, 8), sensor.white_level, np.uint16)
    for name in ("a.dng", "b.dng"):
        write_dng(tmp_path / name, mosaic, sensor, exposure)
    assert (tmp_path / "a.dng").read_bytes() == (tmp_path / "b.dng").read_bytes()


@pytest.mark.parametrize(
    ("mosaic", "settings", "message"),
    [
        (np.zeros((4, 4, 3), np.uint16), {}, r"\(H, W\) uint16"),
        (np.zeros((4, 4), np.uint8), {}, "uint8"),
        (np.zeros((4, 4), np.uint16), {"orientation": 9}, "one of .* got 9"),
        (np.zeros((4, 4), np.uint16), {"crop": (2, 2, 4, 2)}, "does not fit a mosaic of 4 x 4"),
    ],
)
def test_what_cannot_be_a_dng_is_refused(mosaic, settings, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        write_dng(
            tmp_path / "x.dng", mosaic, SENSORS["phone-12bit"], Exposure(UNIT_TIME_S), **settings
        )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("time_s", [2e-8, 1 / 32000, 1 / 60, 0.7, 30.0, 3e6])
def test_any_shutter_time_fits_its_tag(time_s, tmp_path):
    path = tmp_path / "time.dng"
    mosaic = np.zeros((32, 32), np.uint16)
    write_dng(path, mosaic, SENSORS["compact-10bit"], Exposure(time_s))
    with rawpy.imread(str(path)) as raw:
        assert raw.other.shutter_speed == pytest.approx(time_s, rel=2e-6)
