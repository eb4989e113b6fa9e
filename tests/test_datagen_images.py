import numpy as np
import pytest

from datagen.images.codes import quantise, to_float
from datagen.images.files import ImageError, encode, read_image, upright, write_image
from luts.tool.errors import UserError

# Where the pixel of the stored picture's top left corner is seen, by EXIF orientation
# (CIPA DC-008, 4.6.4: "the 0th row is the visual top and the 0th column the visual left", ...).
CORNERS = {
    1: (0, 0),
    2: (0, -1),
    3: (-1, -1),
    4: (-1, 0),
    5: (0, 0),
    6: (0, -1),
    7: (-1, -1),
    8: (-1, 0),
}


def picture(dtype, channels=3):
    shape = (5, 7, channels) if channels > 1 else (5, 7)
    return np.random.default_rng(1).integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_lossless_picture_comes_back_as_it_was(tmp_path, suffix, dtype, channels):
    image = picture(dtype, channels)
    write_image(tmp_path / f"a{suffix}", image)
    back = read_image(tmp_path / f"a{suffix}")
    assert back.dtype == dtype
    np.testing.assert_array_equal(back, image)


def test_jpeg_comes_back_nearly_and_in_the_right_channel_order(tmp_path):
    image = np.zeros((32, 32, 3), np.uint8)
    image[..., 0] = 200
    write_image(tmp_path / "a.jpg", image)
    assert np.abs(read_image(tmp_path / "a.jpg").astype(int) - image).max() <= 3


def test_the_same_pixels_give_the_same_bytes(tmp_path):
    for name in ("a.png", "b.png", "a.tif", "b.tif"):
        write_image(tmp_path / name, picture(np.uint16))
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()
    assert encode(picture(np.uint16)) == (tmp_path / "a.png").read_bytes()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_is_turned_upright_by_its_exif_orientation(tmp_path, orientation):
    from PIL import Image

    stored = np.zeros((32, 48, 3), np.uint8)
    stored[:8, :8] = 255
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(stored).save(tmp_path / "a.jpg", exif=exif, quality=95)
    image = read_image(tmp_path / "a.jpg")
    assert image.shape[:2] == ((48, 32) if orientation > 4 else (32, 48))
    assert image[CORNERS[orientation]].min() > 200
    np.testing.assert_array_equal(upright(stored, orientation) > 128, image > 128)


def test_quantising_rounds_and_cuts():
    encoded = np.array([-1, 0.49 / 255, 0.51 / 255, 1, 2], np.float32)
    np.testing.assert_array_equal(quantise(encoded), [0, 0, 1, 255, 255])
    assert quantise(encoded, 16).dtype == np.uint16
    codes = np.arange(65536, dtype=np.uint16)
    np.testing.assert_array_equal(quantise(to_float(codes), 16), codes)


def test_damaged_and_missing_pictures_are_named(tmp_path):
    good = tmp_path / "a.png"
    write_image(good, np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8))
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "text.tif").write_text("no picture")
    for name in ("empty.png", "text.jpg", "text.tif", "missing.png"):
        with pytest.raises(ImageError, match=name):
            read_image(tmp_path / name)
    assert issubclass(ImageError, UserError)


def test_writing_refuses_what_a_format_cannot_hold(tmp_path):
    with pytest.raises(ImageError, match="8 bits"):
        write_image(tmp_path / "a.jpg", picture(np.uint16))
    with pytest.raises(ImageError, match=r"\.bmp"):
        write_image(tmp_path / "a.bmp", picture(np.uint8))
    with pytest.raises(TypeError, match="float"):
        write_image(tmp_path / "a.png", np.zeros((2, 2, 3)))
    with pytest.raises(ValueError, match=r"\(2, 2, 4\)"):
        write_image(tmp_path / "a.png", np.zeros((2, 2, 4), np.uint8))
    assert list(tmp_path.iterdir()) == []
