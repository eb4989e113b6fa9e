"""Levels belong to the decoded samples: every kind of DNG gives the light that was put into it."""

from __future__ import annotations

import numpy as np
import pytest

from datagen.develop.series import develop_series, linear
from datagen.raw.directory import decoded
from datagen.raw.errors import RawDamagedError, RawUnsupportedError
from datagen.raw.read import read_raw
from datagen.raw.tags import read_metadata

from .raw_files import (
    LINEAR_RAW,
    MOSAIC,
    NEUTRAL,
    bayer_dng,
    camera,
    enhanced_dng,
    lossy_dng,
    mosaic,
    polynomial_opcodes,
    save,
    scene,
    tags,
)

LIGHT = scene()


def stops_off(path, light=LIGHT, rows=slice(None)):
    """Median and worst of log2(developed / truth) away from the border."""
    found = linear(read_raw(path))
    assert found.shape == light.shape
    off = np.log2(np.clip(found, 1e-6, None) / light)[rows][2:-2, 2:-2]
    return float(np.median(off)), float(np.abs(off).max())


def float_mosaic(path, white_tag, scale, dtype=np.float32, **options):
    samples = mosaic(LIGHT, 0, scale).astype(dtype)
    return save(path, samples, tags(white_tag), MOSAIC, **options)


def white_per_channel(path, black=0):
    whites = np.array((15000, 16383, 12000))
    codes = np.rint(black + camera(LIGHT) * (whites - black)).astype(np.uint16)
    levels = tags(tuple(whites.tolist()), (black,) * 3, cfa=False)
    return save(path, codes, levels, LINEAR_RAW)


MADE = {
    "mosaic": bayer_dng,
    "lossy": lossy_dng,
    "lossy through a polynomial": lambda path: lossy_dng(
        path, curve=np.sqrt, more=polynomial_opcodes(0, 0, 1)
    ),
    "float, white 1": lambda path: float_mosaic(path, 1, 1),
    "float, white 65535": lambda path: float_mosaic(path, 65535, 65535),
    "float, no white": lambda path: float_mosaic(path, None, 1),
    "half float, no white": lambda path: float_mosaic(path, None, 1, np.float16),
    "float, deflated": lambda path: float_mosaic(path, 1, 1, compression="zlib"),
    "float, predicted": lambda path: float_mosaic(path, 1, 1, compression="zlib", predictor=3),
    "enhanced beside the mosaic": enhanced_dng,
    "white per channel": white_per_channel,
    "white per channel, black": lambda path: white_per_channel(path, 400),
    "orientation 0": lambda path: bayer_dng(path, orientation=0),
    "orientation 9": lambda path: bayer_dng(path, orientation=9),
}


@pytest.mark.parametrize("name", MADE)
def test_the_light_that_was_put_in_comes_out(tmp_path, name):
    MADE[name](tmp_path / "a.dng")
    median, worst = stops_off(tmp_path / "a.dng")
    assert abs(median) < (0.05 if "lossy" in name else 0.01)
    assert worst < (0.6 if "lossy" in name else 0.1)  # eight bits are coarse in the shadows
    if "lossy" in name:
        light = linear(read_raw(tmp_path / "a.dng"))
        assert abs(np.log2(light.mean() / LIGHT.mean())) < 0.05


@pytest.mark.parametrize("kind", ["linear", "mosaic"])
@pytest.mark.parametrize("peak", [1.5, 10, 300])
def test_the_exposure_of_a_float_file_does_not_hang_on_its_brightest_pixel(tmp_path, kind, peak):
    light = LIGHT.copy()
    light[:20] *= peak
    path = tmp_path / "a.dng"
    if kind == "linear":
        save(path, np.float32(light * NEUTRAL), tags(None, cfa=False), LINEAR_RAW)
    else:
        save(path, np.float32(mosaic(light, 0, 1, most=np.inf)), tags(1), MOSAIC)
    median, _ = stops_off(path, light, slice(30, None))
    assert abs(median) < 0.001
    above, _ = stops_off(path, light, slice(0, 16))  # light above white is there, uncut
    assert abs(above) < 0.01
    picture = next(develop_series(read_raw(path), [0.0], None))
    assert picture[40:].mean() < 200


def test_a_noise_profile_keeps_its_meaning_when_float_samples_pass_white(tmp_path):
    light = LIGHT.copy()
    light[0] = 100
    extra = [(51041, 12, 2, (1e-4, 1e-6), True)]
    samples = np.float32(mosaic(light, 0, 1, most=np.inf))
    photo = read_raw(save(tmp_path / "a.dng", samples, tags(1, more=extra), MOSAIC))
    (s, o), x = photo.noise_profile[0], 0.25  # of the file's white
    assert photo.scale == 128
    assert (s * x / 128 + o) * 128**2 == pytest.approx(1e-4 * x + 1e-6)


def test_white_per_channel_clips_every_channel_at_its_own(tmp_path):
    white_per_channel(tmp_path / "a.dng")
    photo = read_raw(tmp_path / "a.dng")
    np.testing.assert_allclose(photo.white_balance, [2, 1, 1.6], rtol=1e-3)
    assert photo.white == 16383


def test_a_balance_told_by_a_chromaticity_is_as_shot(tmp_path):
    xy = [(50729, 5, 2, (3127, 10000, 3290, 10000), True)]
    path = bayer_dng(tmp_path / "a.dng", more=xy, drop=(50728,))
    assert read_raw(path).white_balance_origin == "as-shot"


def test_directories_are_matched_by_their_layout(tmp_path):
    found = read_metadata(enhanced_dng(tmp_path / "a.dng")).directories
    assert [each.subfile for each in found] == [1, 0, 16]
    assert decoded(found, width=192, height=128, samples=1).white == (16383,)
    assert decoded(found, width=384, height=256, samples=3).white == (65535,) * 3
    assert decoded(found, width=100, height=100, samples=1) is None


def quad(path):
    seen, codes = camera(LIGHT), np.empty(LIGHT.shape[:2])
    for i in range(16):
        k = (0, 1, 1, 2)[i // 8 * 2 + i % 4 // 2]
        codes[i // 4 :: 4, i % 4 :: 4] = 512 + seen[i // 4 :: 4, i % 4 :: 4, k] * 15871
    sites = bytes((0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 2, 2, 1, 1, 2, 2))
    more = [(33421, 3, 2, (4, 4), True), (33422, 1, 16, sites, True)]
    levels = tags(16383, 512, drop=(33421, 33422), more=more)
    return save(path, np.rint(codes).astype(np.uint16), levels, MOSAIC)


def colourless(path):
    more = [(33421, 3, 2, (2, 2), True), (33422, 1, 4, bytes((0, 1, 1, 0)), True)]
    levels = tags(16383, 512, drop=(33421, 33422), more=more)
    codes = np.rint(mosaic(LIGHT, 512, 16383)).astype(np.uint16)
    return save(path, codes, levels, MOSAIC)


REFUSED = {
    "quad Bayer": (quad, RawUnsupportedError, "4 x 4 sites .quad Bayer"),
    "a colour short": (
        colourless,
        RawUnsupportedError,
        "without one of its colours|LibRaw can decode",
    ),
    "lossy with black": (
        lambda path: lossy_dng(path, black=(16,) * 3),
        RawUnsupportedError,
        "lossy JPEG with black 16",
    ),
    "lossy with white": (
        lambda path: lossy_dng(path, white=(200,) * 3),
        RawUnsupportedError,
        "white 200 of 255",
    ),
    "float of white 0": (
        lambda path: float_mosaic(path, 0, 1),
        RawDamagedError,
        "leave no range",
    ),
    "float of NaN": (
        lambda path: save(path, np.full((64, 96), np.nan, np.float32), tags(1), MOSAIC),
        RawDamagedError,
        "not a number|nothing but black|damaged",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_right_is_refused_by_name(tmp_path, name):
    make, kind, message = REFUSED[name]
    make(tmp_path / "a.dng")
    with pytest.raises(kind, match=message):
        read_raw(tmp_path / "a.dng")


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (b"\xff\xd8\xff\xe0" + bytes(5000), "a JPEG, whatever its name"),
        (b"\0\5\26\7" + bytes(5000), "AppleDouble"),
        (b"II*\0" + bytes(364), "368 bytes"),
        (b"just text " * 1000, "not a raw file"),
    ],
)
def test_the_remedy_fits_the_file(tmp_path, start, message):
    (tmp_path / "a.nef").write_bytes(start)
    with pytest.raises((RawUnsupportedError, RawDamagedError), match=message) as caught:
        read_raw(tmp_path / "a.nef")
    assert "lossless" not in str(caught.value)
