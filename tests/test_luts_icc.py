import struct

import numpy as np
import pytest
import tifffile

from luts.colour.space import to_srgb as by_space
from luts.pictures import PictureError, read_picture
from luts.pictures.icc import read_profile

# D50 colorants of ProPhoto (ROMM) RGB, from its published profile; ISO 22028-2
PROPHOTO = ((0.79767, 0.28804, 0.0), (0.13519, 0.71188, 0.0), (0.03135, 0.00009, 0.82491))


def profile(primaries, curve, kind=b"RGB "):
    """A minimal ICC profile: header, four kinds of tag."""
    tags = {
        name: b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in primary))
        for name, primary in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)
    }
    tags.update(dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve))
    table, body, start = b"", b"", 132 + 12 * len(tags)
    for name, data in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    head = bytearray(128)
    head[16:20] = kind
    return bytes(head) + struct.pack(">I", len(tags)) + table + body


def to_srgb(image, icc):
    return by_space(image, read_profile(icc))


def read_image(path):
    return read_picture(path).pixels


GAMMA_18 = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(1.8 * 256))


def test_prophoto_becomes_srgb_as_colour_science_has_it():
    import colour

    rgb = np.random.default_rng(0).uniform(0.2, 0.6, (5, 4, 3))
    codes = np.rint(rgb * 65535).astype(np.uint16)
    linear = (codes / 65535) ** (461 / 256)  # the curve as the profile can store it
    spaces = colour.RGB_COLOURSPACES
    want = colour.RGB_to_RGB(
        linear, spaces["ProPhoto RGB"], spaces["sRGB"], chromatic_adaptation_transform="Bradford"
    )
    want = colour.cctf_encoding(np.clip(want, 0, 1), function="sRGB")
    got = to_srgb(codes, profile(PROPHOTO, GAMMA_18)) / 65535
    np.testing.assert_allclose(got, want, atol=0.002)


def test_srgbs_own_profile_changes_nothing():
    from PIL import ImageCms

    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    assert to_srgb(image, srgb) is image


@pytest.mark.parametrize("suffix", ["tif", "png", "jpg"])
def test_profiles_are_found_in_files(tmp_path, suffix):
    from PIL import Image

    image = np.full((16, 16, 3), (120, 90, 100), np.uint8)
    icc = profile(PROPHOTO, GAMMA_18)
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(image).save(path, icc_profile=icc, quality=100, subsampling=0)
    want = to_srgb(image, icc)
    assert np.abs(read_image(path).astype(int) - want).max() <= 3
    assert np.abs(want.astype(int) - image).max() > 20


def test_sixteen_bits_survive(tmp_path):
    image = np.full((4, 4, 3), 30_000, np.uint16)
    extra = [(34675, 7, None, profile(PROPHOTO, GAMMA_18), True)]
    tifffile.imwrite(tmp_path / "a.tif", image, photometric="rgb", extratags=extra)
    read = read_image(tmp_path / "a.tif")
    assert read.dtype == np.uint16 and np.ptp(read.astype(int)) < 40  # grey stays grey


def test_other_profiles_are_refused_by_name(tmp_path):
    image = np.full((4, 4, 3), 30_000, np.uint16)
    for broken, message in (
        (profile(PROPHOTO, GAMMA_18, kind=b"CMYK"), "convert to sRGB"),
        (profile(PROPHOTO, b"sngf" + bytes(8)), "unknown kind"),
        (profile(PROPHOTO, GAMMA_18)[:150], "damaged"),
    ):
        extra = [(34675, 7, None, broken, True)]
        tifffile.imwrite(tmp_path / "a.tif", image, photometric="rgb", extratags=extra)
        with pytest.raises(PictureError, match=message):
            read_image(tmp_path / "a.tif")
