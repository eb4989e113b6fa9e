import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rawpy
import tifffile

from datagen.camera.dng import write_dng
from datagen.camera.sensors import SENSORS
from datagen.camera.simulate import Exposure, photograph
from datagen.raw.colour import SRGB_TO_XYZ, balance, camera_to_srgb, grey_world
from datagen.raw.errors import RawDamagedError, RawError, RawUnreadableError, RawUnsupportedError
from datagen.raw.libraw import demosaic_libraw
from datagen.raw.read import (
    EXIF_OF_FLIP,
    read_raw,
    read_thumbnail,
)
from luts.tool.errors import UserError

from .raw_files import MOSAIC, enhanced_dng, lossy_dng
from .raw_files import mosaic as raw_mosaic
from .raw_files import save as save_raw
from .raw_files import scene as raw_scene
from .raw_files import tags as raw_tags

EXPOSURE = Exposure(1 / 60)


def shoot(path, name="reflex-14bit", shape=(48, 64), **options):
    """A DNG of seeded noise and its mosaic."""
    scene = np.random.default_rng(0).random((*shape, 3), np.float32)
    mosaic = photograph(scene, SENSORS[name], EXPOSURE)
    write_dng(path, mosaic, SENSORS[name], EXPOSURE, **options)
    return mosaic


def tags(**changes):
    """DNG tags of a linear or monochrome raw, which `write_dng` does not write."""
    base = {
        50706: (1, 4, (1, 4, 0, 0)),
        50707: (1, 4, (1, 3, 0, 0)),
        50708: (2, None, "Test Linear"),
        50714: (4, 1, 256),
        50728: (5, 3, (1, 2, 1, 1, 2, 3)),
        50778: (3, 1, 21),
    }
    matrix = np.linalg.inv(SRGB_TO_XYZ)
    base[50721] = (10, 9, tuple(n for v in matrix.ravel() for n in (round(v * 10000), 10000)))
    base.update(changes.get("more", {}))
    drop = changes.get("drop", ())
    return [(code, *value, True) for code, value in base.items() if code not in drop]


@pytest.mark.parametrize("name", sorted(SENSORS))
def test_a_simulated_dng_says_what_its_sensor_is(tmp_path, name):
    sensor = SENSORS[name]
    mosaic = shoot(tmp_path / "a.dng", name, baseline_exposure=0.5, orientation=6)
    photo = read_raw(tmp_path / "a.dng")
    np.testing.assert_array_equal(photo.mosaic, mosaic)
    assert "".join("RGB"[k] for k in photo.pattern.ravel()) == sensor.pattern
    assert (photo.black == sensor.black_level).all() and photo.white == sensor.white_level
    white = sensor.white()
    np.testing.assert_allclose(photo.white_balance, white.max() / white, rtol=1e-5)
    np.testing.assert_allclose(photo.camera_to_srgb, np.linalg.inv(sensor.mix), atol=2e-4)
    assert (photo.white_balance_origin, photo.matrix_origin) == ("as-shot", "dng")
    assert (photo.orientation, photo.baseline_ev, photo.iso) == (6, 0.5, 100)
    assert photo.exposure_time_s == pytest.approx(1 / 60, rel=1e-4)
    np.testing.assert_allclose(photo.noise_profile, [sensor.noise_profile(100)])
    assert photo.camera.startswith("Tonebench")


def test_the_arrays_outlive_the_decoder(tmp_path):
    mosaic = shoot(tmp_path / "a.dng")
    photos = [read_raw(tmp_path / "a.dng") for _ in range(3)]
    (tmp_path / "a.dng").unlink()
    for photo in photos:
        np.testing.assert_array_equal(photo.mosaic, mosaic)


def test_default_crop_is_the_tags_and_not_librawss(tmp_path):
    shoot(tmp_path / "a.dng", crop=(3, 5, 50, 40))  # odd corner: LibRaw would move it
    photo = read_raw(tmp_path / "a.dng")
    assert (photo.crop, photo.crop_origin) == ((3, 5, 50, 40), "dng")


def test_a_linear_dng_has_samples_of_every_colour(tmp_path):
    rgb = np.random.default_rng(0).integers(300, 4000, (64, 96, 3)).astype(np.uint16)
    more = {50717: (3, 3, (4095,) * 3)}
    tifffile.imwrite(
        tmp_path / "a.dng", rgb, photometric=34892, metadata=None, extratags=tags(more=more)
    )
    photo = read_raw(tmp_path / "a.dng")
    assert photo.pattern is None and photo.white == 4095
    np.testing.assert_array_equal(photo.mosaic, rgb)
    np.testing.assert_allclose(photo.white_balance, [2, 1, 1.5], rtol=1e-6)


def test_a_monochrome_dng_has_one_colour(tmp_path):
    grey = np.random.default_rng(0).integers(300, 4000, (64, 96)).astype(np.uint16)
    extra = tags(more={50717: (3, 1, 4095)}, drop=(50721, 50728, 50778))
    path = tmp_path / "a.dng"
    tifffile.imwrite(path, grey, photometric=1, metadata=None, extratags=extra)
    data = bytearray(path.read_bytes())  # tifffile writes LinearRaw with three samples only
    place = data.index(struct.pack("<HHIH", 262, 3, 1, 1))
    data[place + 8 : place + 10] = struct.pack("<H", 34892)
    path.write_bytes(data)
    photo = read_raw(path)
    assert photo.colours == 1 and photo.pattern.shape == (1, 1)
    np.testing.assert_array_equal(photo.mosaic, grey)


def test_real_raws_are_read_with_their_origins(shared):
    canon = read_raw(shared / "raw/canon_g2_CRW_0304.CRW")
    assert canon.camera == "Canon PowerShot G2" and canon.iso == 50
    assert (canon.crop, canon.crop_origin) == ((20, 8, 2272, 1704), "camera")
    assert (canon.white_balance_origin, canon.matrix_origin) == ("as-shot", "libraw")
    np.testing.assert_allclose(canon.camera_to_srgb.sum(1), 1, atol=1e-6)
    kodak = read_raw(shared / "raw/kodak_dc120_P003908.KDC")  # white balance 0, 1, 0, 0
    assert (kodak.white_balance_origin, kodak.matrix_origin) == ("grey-world", "none")
    assert kodak.pixel_aspect == pytest.approx(1.5346, abs=1e-4)
    assert read_raw(shared / "raw/derived/xtrans_from_s40.dng").pattern.shape == (6, 6)


@pytest.mark.parametrize("phase", ["rggb", "bggr", "grbg", "gbrg"])
def test_bayer_phases_are_read_from_the_visible_corner(shared, phase):
    photo = read_raw(shared / f"raw/derived/bayer_{phase}_from_s40.dng")
    assert "".join("rgb"[k] for k in photo.pattern.ravel()) == phase


def test_the_embedded_picture_comes_out(shared, tmp_path):
    assert read_thumbnail(shared / "raw/canon_s40_CRW_0119.CRW").shape == (480, 640, 3)
    shoot(tmp_path / "a.dng")
    assert read_thumbnail(tmp_path / "a.dng") is None


def test_white_balance_falls_back_in_order():
    broken, ones = np.array([-1, 1, 1]), np.ones(3)
    gains, origin = balance(np.array([2, 1, 1.5]), ones)
    assert origin == "as-shot" and gains.tolist() == [2, 1, 1.5]
    gains, origin = balance(broken, np.array([3, 1.5, 3]))
    assert origin == "daylight" and gains.tolist() == [2, 1, 2]
    assert balance(np.zeros(3), ones) is None
    pattern = np.uint8([[0, 1], [1, 2]])
    light = np.tile(np.float32([[0.2, 0.4], [0.4, 0.1]]), (4, 4))
    gains, origin = grey_world(light, pattern, 3)
    assert origin == "grey-world"
    np.testing.assert_allclose(gains, [2, 1, 4], rtol=1e-6)


def test_a_matrix_comes_from_the_dng_else_librawss_table_else_nowhere():
    table = np.linalg.inv(SRGB_TO_XYZ)  # a camera whose colours are sRGB's
    matrix, origin = camera_to_srgb(np.zeros((3, 3)), table)
    assert origin == "libraw"
    np.testing.assert_allclose(matrix, np.eye(3), atol=1e-6)
    assert camera_to_srgb(np.eye(3) * 2, table)[1] == "dng"
    matrix, origin = camera_to_srgb(np.zeros((3, 4)), np.zeros((4, 3)))
    assert origin == "none" and (matrix == 0.25).all()


@pytest.mark.parametrize("flip", range(8))
def test_librawss_flips_are_the_exif_orientations_of_dcraw(flip):
    # dcraw 9.28 reads a TIFF orientation by the string "50132467"[tag & 7].
    assert int("50132467"[EXIF_OF_FLIP[flip] & 7]) == flip


def test_librawss_demosaic_leaves_every_site_as_it_was(tmp_path):
    shoot(tmp_path / "a.dng")
    photo = read_raw(tmp_path / "a.dng")
    light = np.random.default_rng(1).uniform(-0.01, 2, photo.mosaic.shape).astype(np.float32)
    rgb = demosaic_libraw(photo, light, "ahd")
    site = np.tile(photo.pattern, (24, 32))
    own = np.take_along_axis(rgb, site[..., None].astype(int), axis=2)[..., 0]
    np.testing.assert_allclose(own, light, atol=2e-5)


def test_what_is_no_raw_is_refused_by_name(tmp_path, shared):
    (tmp_path / "empty.NEF").touch()
    (tmp_path / "text.NEF").write_text("a text file named NEF")
    mosaic = np.full((48, 64), 1024, np.uint16)
    write_dng(tmp_path / "black.dng", mosaic, SENSORS["reflex-14bit"], EXPOSURE)
    for name, kind, words in (
        ("missing.NEF", RawUnreadableError, "no such file"),
        (".", RawUnreadableError, "not a file"),
        ("empty.NEF", RawDamagedError, "empty"),
        ("text.NEF", RawUnsupportedError, "LibRaw"),
        ("black.dng", RawDamagedError, "nothing but black"),
    ):
        with pytest.raises(kind, match=words):
            read_raw(tmp_path / name)
    with pytest.raises(RawUnsupportedError, match=r"GPR.*LibRaw: .*convert"):
        read_raw(shared / "raw/odd/gopro_hero7_GOPR8513.GPR")
    assert issubclass(RawError, UserError)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(tmp_path):
    shoot(tmp_path / "a.dng")
    (tmp_path / "a.dng").chmod(0)
    with pytest.raises(RawUnreadableError, match="permission"):
        read_raw(tmp_path / "a.dng")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_raw_is_refused(tmp_path, shared, share):
    shoot(tmp_path / "a.dng")
    for source in (tmp_path / "a.dng", shared / "raw/canon_s40_CRW_0112.CRW"):
        data = source.read_bytes()
        cut = tmp_path / f"cut{source.suffix}"
        cut.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(RawError, match="cut"):
            read_raw(cut)


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """Damage a raw as disks, cards and cables do: bytes, blocks, zeros, truncation."""
    result = bytearray(data)
    kind = rng.integers(4)
    reach = len(data) if rng.random() < 0.5 else min(len(data), 2048)  # or the header alone
    start = int(rng.integers(reach))
    if kind == 0:
        for place in rng.integers(0, reach, rng.integers(1, 20)):
            result[place] = rng.integers(256)
    elif kind == 1:
        length = int(rng.integers(1, 512))
        result[start : start + length] = rng.bytes(len(result[start : start + length]))
    elif kind == 2:
        length = int(rng.integers(1, 65536))
        result[start : start + length] = bytes(len(result[start : start + length]))
    else:
        del result[int(rng.integers(1, len(data))) :]
    return bytes(result)


# Reads files named on stdin; says for each what came out. A crash shows as a missing line.
READER = """
import sys
import numpy as np
from datagen.develop import series
from datagen.raw.errors import RawError
from datagen.raw.read import read_raw
for name in sys.stdin.read().split():
    try:
        photo = read_raw(name)
        series.linear(photo, 32)
        finite = np.isfinite(photo.camera_to_srgb).all() and np.isfinite(photo.white_balance).all()
        print(name, "ok" if finite and photo.mosaic.size else "nonsense", flush=True)
    except RawError as error:
        print(name, error.status, flush=True)
"""


def float_dng(path):
    samples = np.float32(raw_mosaic(raw_scene(), 0, 1))
    return save_raw(path, samples, raw_tags(1), MOSAIC, compression="zlib")


def survey(sources, count, folder, seed):
    """Outcome of every mutated file; the child that reads them is started again when it dies."""
    rng = np.random.default_rng(seed)
    pending, outcome = [], {}
    for index in range(count):
        source = sources[index % len(sources)]
        path = folder / f"{index}{source.suffix}"
        path.write_bytes(mutate(source.read_bytes(), rng))
        pending.append(str(path))
    while pending:
        child = subprocess.run(
            [sys.executable, "-c", READER],
            input=" ".join(pending),
            capture_output=True,
            text=True,
            timeout=600,
            cwd=Path(__file__).parent.parent,
        )
        done = dict(line.split() for line in child.stdout.splitlines())
        assert child.returncode <= 0, child.stderr[-2000:]  # a RawError, or a crash of LibRaw
        outcome.update(done)
        pending = pending[len(done) :]
        if child.returncode < 0 and pending:
            outcome[pending.pop(0)] = "crashed"
    return list(outcome.values())


def test_damaged_raws_end_in_a_status(tmp_path):
    shoot(tmp_path / "a.dng")
    kinds = [tmp_path / "a.dng", lossy_dng(tmp_path / "b.dng"), float_dng(tmp_path / "c.dng")]
    outcome = survey(kinds, 60, tmp_path, seed=1)
    assert len(outcome) == 60
    assert set(outcome) <= {"ok", "corrupt", "skipped_unsupported", "oom", "crashed"}
    assert outcome.count("corrupt") > 5


@pytest.mark.slow
def test_two_thousand_damaged_raws_end_in_a_status(tmp_path, shared):
    names = ("canon_s40_CRW_0112.CRW", "kodak_dc50_DC0008L.KDC", "derived/xtrans_from_s40.dng")
    sources = [shared / "raw" / name for name in names]
    sources += [lossy_dng(tmp_path / "b.dng"), float_dng(tmp_path / "c.dng")]
    sources += [enhanced_dng(tmp_path / "d.dng")]
    for batch in range(20):
        folder = tmp_path / str(batch)
        folder.mkdir()
        outcome = survey(sources, 100, folder, seed=batch)
        assert len(outcome) == 100
        assert set(outcome) <= {"ok", "corrupt", "skipped_unsupported", "oom", "crashed"}
        for path in folder.iterdir():
            path.unlink()


def test_decode_errors_that_libraw_reports_never_give_a_picture(tmp_path, monkeypatch):
    shoot(tmp_path / "a.dng")

    def fail(self):
        raise rawpy.LibRawDataError(b"data error")

    monkeypatch.setattr("datagen.raw.read.unpack", lambda path: fail(path))
    with pytest.raises(RawDamagedError, match="LibRaw: data error"):
        read_raw(tmp_path / "a.dng")


@pytest.mark.parametrize("margin", [(0, 0), (1, 0), (0, 1), (1, 1), (2, 3)])
def test_crop_and_pattern_are_right_although_libraw_rounds_margins(tmp_path, margin):
    top, left = margin
    mosaic = np.random.default_rng(0).integers(300, 4000, (64, 96)).astype(np.uint16)
    more = {
        33421: (3, 2, (2, 2)),
        33422: (1, 4, bytes((0, 1, 1, 2))),  # RGGB from the corner of the active area
        50717: (3, 1, 4095),
        50719: (4, 2, (7, 5)),
        50720: (4, 2, (80, 50)),
        50829: (4, 4, (top, left, 60, 90)),
    }
    tifffile.imwrite(
        tmp_path / "a.dng", mosaic, photometric=32803, metadata=None, extratags=tags(more=more)
    )
    photo = read_raw(tmp_path / "a.dng")
    x, y, width, height = photo.crop
    cropped = photo.mosaic[y : y + height, x : x + width]
    np.testing.assert_array_equal(cropped, mosaic[top + 5 : top + 55, left + 7 : left + 87])
    # Five rows down and seven columns right of RGGB's corner lies its last site.
    assert np.roll(photo.pattern, (-y, -x), axis=(0, 1)).tolist() == [[2, 1], [1, 0]]
