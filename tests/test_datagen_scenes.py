"""Scene files: linear, decoded, broken."""

import cv2
import numpy as np
import pytest
import tifffile

from datagen.images.hdr import HALF_MAX, HdrError, find_scenes, read_scene
from luts.colour.transfer import decode_srgb


@pytest.fixture
def light(rng):
    return rng.uniform(0, 20, (6, 12, 3)).astype(np.float32)


def save(path, rgb):
    cv2.imwrite(str(path), rgb[..., ::-1])
    return path


def test_radiance_files_are_linear_light(light, tmp_path):
    """RGBE keeps eight bits beside a shared exponent (Ward, Graphics Gems II, 1991)."""
    read = read_scene(save(tmp_path / "a.hdr", light))
    assert read.dtype == np.float32
    assert (np.abs(read - light) <= light.max(-1, keepdims=True) / 128).all()


def test_float_tiffs_are_linear_light(light, tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", light, photometric="rgb")
    np.testing.assert_array_equal(read_scene(tmp_path / "a.tif"), light)


def test_exr_files_are_linear_light(light, tmp_path):
    exr = pytest.importorskip("OpenEXR")
    header = {"compression": exr.ZIP_COMPRESSION, "type": exr.scanlineimage}
    light[0, 0] = np.inf
    with exr.File(header, {"RGB": light}) as file:
        file.write(str(tmp_path / "a.exr"))
    read = read_scene(tmp_path / "a.exr")
    np.testing.assert_array_equal(read[1:], light[1:])
    assert (read[0, 0] == HALF_MAX).all()


@pytest.mark.parametrize(("dtype", "white"), [(np.uint8, 255), (np.uint16, 65535)])
def test_photos_are_decoded(dtype, white, rng, tmp_path):
    photo = rng.integers(0, white, (5, 7, 3), endpoint=True).astype(dtype)
    wanted = decode_srgb(photo.astype(np.float32) / white)
    np.testing.assert_allclose(read_scene(save(tmp_path / "a.png", photo)), wanted, atol=1e-7)


def test_negative_light_is_none(light, tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", -light, photometric="rgb")
    assert not read_scene(tmp_path / "a.tif").any()


def test_a_scene_with_a_hole_in_its_numbers_is_refused(light, tmp_path):
    light[2, 3] = np.nan
    tifffile.imwrite(tmp_path / "a.tif", light, photometric="rgb")
    with pytest.raises(HdrError, match=r"a\.tif: holds pixels that are not a number"):
        read_scene(tmp_path / "a.tif")


@pytest.mark.parametrize("suffix", [".hdr", ".png"])
def test_broken_files_are_refused_quietly(suffix, light, tmp_path, capfd):
    whole = save(tmp_path / f"a{suffix}", np.uint8(light) if suffix == ".png" else light)
    said = "truncated|is empty|not a PNG" if suffix == ".png" else "empty, truncated or not"
    for name, data in {"cut": whole.read_bytes()[:60], "empty": b"", "text": b"hello"}.items():
        path = tmp_path / f"{name}{suffix}"
        path.write_bytes(data)
        with pytest.raises(HdrError, match=f"{name}{suffix}: .*({said})"):
            read_scene(path)
    assert capfd.readouterr().err == ""  # OpenCV would print its own lines


def test_missing_and_foreign_files_are_refused(tmp_path):
    with pytest.raises(HdrError, match=r"gone\.hdr: no such file"):
        read_scene(tmp_path / "gone.hdr")
    with pytest.raises(HdrError, match=r"notes\.txt: not a scene; files of \.exr, \.hdr"):
        read_scene(tmp_path / "notes.txt")


def test_a_folder_stands_for_the_scenes_in_it(light, tmp_path):
    for name in ("b.hdr", "a.hdr"):
        save(tmp_path / name, light)
    (tmp_path / "notes.txt").touch()
    assert [path.name for path in find_scenes([tmp_path])] == ["a.hdr", "b.hdr"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(HdrError, match="empty: holds no scene"):
        find_scenes([tmp_path / "empty"])


def test_photos_are_read_as_everywhere_else(rng, tmp_path):
    """CMYK, an orientation and a profile were taken for plain sRGB."""
    from PIL import Image

    photo = rng.integers(0, 256, (6, 8, 3), np.uint8)
    Image.fromarray(photo).convert("CMYK").save(tmp_path / "a.tif")
    wanted = decode_srgb(photo.astype(np.float32) / 255)
    np.testing.assert_allclose(read_scene(tmp_path / "a.tif"), wanted, atol=1e-6)
    tifffile.imwrite(
        tmp_path / "b.tif", wanted, photometric="rgb", extratags=[(274, "H", 1, 6, True)]
    )
    np.testing.assert_array_equal(read_scene(tmp_path / "b.tif"), np.rot90(wanted, -1))
