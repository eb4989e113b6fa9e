"""The one reader of pictures: what a file says is what is read, or a line that says why not."""

from __future__ import annotations

import io
import struct

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from luts.pictures import PictureError, describe, read_info, read_picture, write_picture
from luts.pictures.keep import exif_of
from luts.tool.errors import UserError

from .picture_files import (
    P3_D50,
    PIC,
    RAMP,
    chunk,
    encoded,
    exif,
    icc,
    iccp,
    linear,
    pillow,
    png,
    tiff,
)

IMAGE = Image.fromarray(PIC)
GREY = np.asarray(IMAGE.convert("L"))
WIDE = PIC.astype(np.uint16) * 257
SRGB_CHRM = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
ADOBE_CHRM = (31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)


def grey3(codes):
    return np.repeat(np.asarray(codes)[..., None], 3, axis=2)


def lab_codes():
    """CIE Lab of D50 in the 8-bit layout of TIFF 6.0, by colour-science's formulas."""
    import colour

    xyz = colour.sRGB_to_XYZ(PIC / 255)
    xyz = colour.chromatic_adaptation(xyz, [0.95047, 1, 1.08883], [0.96422, 1, 0.82521])
    lab = colour.XYZ_to_Lab(xyz, colour.XYZ_to_xy([0.96422, 1, 0.82521]))
    parts = [lab[..., 0] * 2.55, lab[..., 1] % 256, lab[..., 2] % 256]
    return np.stack([np.uint8(np.rint(part) % 256) for part in parts], -1)


def ycbcr_codes():
    """ITU-R BT.601, full range, as TIFF's default coefficients have it."""
    return np.asarray(IMAGE.convert("YCbCr"))


def palette_tiff(scale):
    index = np.asarray(IMAGE.quantize(200).convert("RGB"))
    colours, inverse = np.unique(index.reshape(-1, 3), axis=0, return_inverse=True)
    table = np.zeros((3, 256), np.uint16)
    table[:, : len(colours)] = colours.T.astype(np.uint16) * scale
    codes = inverse.reshape(index.shape[:2]).astype(np.uint8)
    return tiff(codes, photometric="palette", colormap=table), index


def twelve_bits():
    codes = np.rint(PIC / 255 * 4095).astype(np.uint16)
    return tiff(codes, bitspersample=12, compression="none")


# Every row: what the file is, its bytes, the right pixels, and how far off they may be
PALETTE_TIFF, PALETTE = palette_tiff(257)
RIGHT = {
    "png": (png(PIC), PIC, 0),
    "png 16": (png(WIDE), WIDE, 0),
    "png grey": (pillow(Image.fromarray(GREY), "PNG"), grey3(GREY), 0),
    "png 1 bit": (pillow(IMAGE.convert("1"), "PNG"), grey3(IMAGE.convert("1").convert("L")), 0),
    "png palette": (pillow(IMAGE.quantize(200), "PNG"), IMAGE.quantize(200).convert("RGB"), 0),
    "jpeg": (pillow(IMAGE, "JPEG", quality=97, subsampling=0), PIC, 4),
    "jpeg progressive": (
        pillow(IMAGE, "JPEG", quality=97, subsampling=0, progressive=True),
        PIC,
        4,
    ),
    "jpeg grey": (pillow(Image.fromarray(GREY), "JPEG", quality=97), grey3(GREY), 4),
    "jpeg cmyk": (pillow(IMAGE.convert("CMYK"), "JPEG", quality=97), PIC, 6),
    "jpeg rgb": (pillow(IMAGE, "JPEG", quality=97, subsampling=0, keep_rgb=True), PIC, 4),
    "webp": (pillow(IMAGE, "WEBP", lossless=True), PIC, 0),
    "bmp": (pillow(IMAGE, "BMP"), PIC, 0),
    "gif": (pillow(IMAGE.quantize(200), "GIF"), IMAGE.quantize(200).convert("RGB"), 0),
    "tiff": (tiff(PIC), PIC, 0),
    "tiff big-endian": (tiff(WIDE, byteorder=">"), WIDE, 0),
    "tiff big": (tiff(PIC, bigtiff=True), PIC, 0),
    "tiff tiled": (tiff(PIC, tile=(32, 32)), PIC, 0),
    "tiff planar": (tiff(np.moveaxis(PIC, 2, 0), planarconfig="separate"), PIC, 0),
    "tiff 16 planar": (tiff(np.moveaxis(WIDE, 2, 0), planarconfig="separate"), WIDE, 0),
    "tiff lzw": (pillow(IMAGE, "TIFF", compression="tiff_lzw"), PIC, 0),
    "tiff lzw 16": (tiff(WIDE, compression="lzw", predictor=True), WIDE, 0),
    "tiff zstd": (tiff(WIDE, compression="zstd"), WIDE, 0),
    "tiff packbits": (tiff(PIC, compression="packbits"), PIC, 0),
    "tiff jpeg": (pillow(IMAGE, "TIFF", compression="jpeg", quality=97), PIC, 40),  # 4:2:0
    "tiff jpeg rgb": (tiff(PIC, compression="jpeg", compressionargs={"level": 97}), PIC, 12),
    "tiff webp": (tiff(PIC, compression="webp", compressionargs={"level": -1}), PIC, 0),
    "tiff grey": (tiff(GREY, photometric="minisblack"), grey3(GREY), 0),
    "tiff white is 0": (tiff(255 - GREY, photometric="miniswhite"), grey3(GREY), 0),
    "tiff 1 bit": (
        pillow(IMAGE.convert("1"), "TIFF", compression="group4"),
        grey3(IMAGE.convert("1").convert("L")),
        0,
    ),
    "tiff palette": (PALETTE_TIFF, PALETTE, 0),
    "tiff cmyk": (pillow(IMAGE.convert("CMYK"), "TIFF"), PIC, 1),
    "tiff lab": (tiff(lab_codes(), photometric="cielab"), PIC, 26),
    "tiff ycbcr": (tiff(ycbcr_codes(), photometric="ycbcr", subsampling=(1, 1)), PIC, 3),
    "tiff 12 bits": (twelve_bits(), WIDE, 9),
    "tiff 32 bits": (tiff(PIC.astype(np.uint32) * 16843009), WIDE, 0),
    "tiff straight": (tiff(np.dstack([PIC, RAMP]), extrasamples=["unassalpha"]), PIC, 0),
    "tiff unspecified": (tiff(np.dstack([PIC, RAMP]), extrasamples=["unspecified"]), PIC, 0),
    "tiff preview first": (None, PIC, 0),
    "linear by profile": (
        png(np.rint(linear(PIC / 255) * 65535).astype(np.uint16), iccp(icc("sRGB", light=True))),
        WIDE,
        700,  # of 65535: the steps of 16-bit linear codes in the darkest greys
    ),
    "srgb called c2": (png(PIC, iccp(icc("c2"))), PIC, 0),
    "linear by gAMA": (
        png(
            np.rint(linear(PIC / 255) * 65535).astype(np.uint16),
            (b"gAMA", struct.pack(">I", 100000)),
        ),
        WIDE,
        700,
    ),
    "gAMA of srgb": (png(PIC, (b"gAMA", struct.pack(">I", 45455))), PIC, 0),
    "cHRM of srgb": (png(PIC, (b"cHRM", struct.pack(">8I", *SRGB_CHRM))), PIC, 0),
    "sRGB chunk before gAMA": (
        png(PIC, (b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 100000))),
        PIC,
        0,
    ),
    "iCCP before sRGB and gAMA": (
        png(PIC, iccp(icc("x")), (b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 100000))),
        PIC,
        0,
    ),
    "cICP before iCCP": (
        png(PIC, (b"cICP", bytes((1, 13, 0, 1))), iccp(icc("x", light=True))),
        PIC,
        0,
    ),
}


def preview_first(path):
    with tifffile.TiffWriter(path) as file:
        file.write(PIC[::4, ::4], photometric="rgb", subfiletype=1, metadata=None)
        file.write(PIC, photometric="rgb", metadata=None)


@pytest.mark.parametrize("name", RIGHT)
def test_what_a_file_declares_is_what_is_read(tmp_path, name):
    data, right, most = RIGHT[name]
    path = tmp_path / "a.bin"  # the name says nothing
    preview_first(path) if data is None else path.write_bytes(data)
    picture = read_picture(path)
    right = np.asarray(right)
    assert picture.pixels.shape == right.shape and picture.pixels.dtype == right.dtype
    difference = np.abs(picture.pixels.astype(int) - right)
    assert difference.max() <= most, f"{difference.max()} off"
    assert "lab" not in name or difference.mean() < 1.5  # eight bits are coarse in the shadows
    assert read_info(path).kind == picture.info.kind
    assert dict(describe(picture.info))["samples"]


def adobe_rgb():
    """The same colours as PIC as Adobe RGB has them (colour-science; Adobe RGB (1998), 4.3)."""
    import colour

    spaces = colour.RGB_COLOURSPACES
    rgb = colour.RGB_to_RGB(linear(PIC / 255), spaces["sRGB"], spaces["Adobe RGB (1998)"])
    return np.rint(np.clip(rgb, 0, 1) ** (256 / 563) * 255).astype(np.uint8)


def p3():
    import colour

    spaces = colour.RGB_COLOURSPACES
    rgb = colour.RGB_to_RGB(linear(PIC / 255), spaces["sRGB"], spaces["Display P3"])
    return np.rint(encoded(np.clip(rgb, 0, 1)) * 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        (
            "EXIF of a camera",
            lambda: pillow(
                Image.fromarray(adobe_rgb()),
                "JPEG",
                quality=98,
                subsampling=0,
                exif=b"Exif\0\0" + exif(space=65535, index=b"R03\0"),
            ),
        ),
        ("eXIf of a PNG", lambda: png(adobe_rgb(), (b"eXIf", exif(space=65535, index=b"R03\0")))),
        (
            "gAMA and cHRM",
            lambda: png(
                adobe_rgb(),
                (b"gAMA", struct.pack(">I", 45470)),
                (b"cHRM", struct.pack(">8I", *ADOBE_CHRM)),
            ),
        ),
        ("cICP", lambda: png(p3(), (b"cICP", bytes((12, 13, 0, 1))))),
        ("a profile of P3 called sRGB", lambda: png(p3(), iccp(icc("sRGB", primaries=P3_D50)))),
        (
            "TIFF tags",
            lambda: tiff(
                adobe_rgb(),
                extratags=[
                    (318, 5, 2, (3127, 10000, 3290, 10000), True),
                    (319, 5, 6, (64, 100, 33, 100, 21, 100, 71, 100, 15, 100, 6, 100), True),
                ],
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_colour_spaces_are_found_wherever_they_stand_and_converted(tmp_path, name, make):
    path = tmp_path / "a"
    path.write_bytes(make())
    picture = read_picture(path)
    assert not picture.info.is_srgb and picture.info.profile
    off = np.abs(picture.pixels.astype(int) - PIC)
    assert off.mean() < 1.6 and np.percentile(off, 95) <= 6  # untouched codes are off by 8 to 25
    assert "converted to sRGB" in dict(describe(picture.info))["colour space"]


def test_a_camera_in_srgb_says_so(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(pillow(IMAGE, "JPEG", exif=b"Exif\0\0" + exif(space=1, index=b"R98\0")))
    info = read_info(path)
    assert info.is_srgb and info.space.origin == "EXIF"


def test_premultiplied_colours_are_divided(tmp_path):
    premultiplied = np.rint(PIC * (RAMP[..., None] / 255)).astype(np.uint8)
    path = tmp_path / "a.tif"
    path.write_bytes(tiff(np.dstack([premultiplied, RAMP]), extrasamples=["assocalpha"]))
    picture = read_picture(path)
    seen = RAMP > 64  # below, eight bits hold too few steps
    assert np.abs(picture.pixels[seen].astype(int) - PIC[seen]).max() <= 2
    np.testing.assert_array_equal(picture.alpha, RAMP)
    assert "divided" in dict(describe(picture.info))["alpha"]


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_alpha_comes_back_straight(tmp_path, suffix, dtype):
    scale = 257 if dtype == np.uint16 else 1
    codes, alpha = (np.array(a, dtype) * dtype(scale) for a in (PIC, RAMP))
    write_picture(tmp_path / f"a{suffix}", codes, alpha)
    picture = read_picture(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(picture.pixels, codes)
    np.testing.assert_array_equal(picture.alpha, alpha)
    assert picture.info.alpha == "straight"


def test_a_transparent_grey_and_a_transparent_colour_are_alpha(tmp_path):
    for image, key in (
        (Image.fromarray(GREY), int(GREY[3, 5])),
        (IMAGE, tuple(PIC[3, 5].tolist())),
    ):
        image.save(tmp_path / "a.png", transparency=key)
        alpha = read_picture(tmp_path / "a.png").alpha
        assert alpha[3, 5] == 0 and alpha.max() == 255


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["jpeg", "png", "tiff", "webp"])
def test_every_container_is_turned_upright(tmp_path, kind, orientation):
    block = exif(orientation=orientation)
    data = {
        "jpeg": lambda: pillow(IMAGE, "JPEG", quality=97, subsampling=0, exif=b"Exif\0\0" + block),
        "png": lambda: png(PIC, (b"eXIf", block)),
        "tiff": lambda: tiff(PIC, extratags=[(274, "H", 1, orientation, True)]),
        "webp": lambda: pillow(IMAGE, "WEBP", lossless=True, exif=b"Exif\0\0" + block),
    }[kind]()
    path = tmp_path / "a"
    path.write_bytes(data)
    with Image.open(path) as image:
        image.getexif()[274] = orientation
        from PIL import ImageOps

        turned = ImageOps.exif_transpose(image) if kind != "png" else None
    if turned is None:
        blank = IMAGE.copy()
        blank.getexif()[274] = orientation
        turned = ImageOps.exif_transpose(blank)
    pixels = read_picture(path).pixels.astype(int)
    assert pixels.shape == np.asarray(turned).shape
    assert np.abs(pixels - np.asarray(turned)).max() <= 4


@pytest.mark.parametrize("orientation", [0, 9, 300])
def test_an_orientation_that_is_none_is_upright_and_noted(tmp_path, orientation):
    path = tmp_path / "a.jpg"
    path.write_bytes(pillow(IMAGE, "JPEG", exif=b"Exif\0\0" + exif(orientation=orientation)))
    picture = read_picture(path)
    assert picture.pixels.shape == PIC.shape
    assert f"orientation {orientation} is none of 1 to 8" in picture.info.notes[0]


def test_fill_bytes_between_jpeg_segments_are_skipped(tmp_path):
    data = pillow(IMAGE, "JPEG", quality=97)
    place = data.index(b"\xff\xdb")
    path = tmp_path / "fill.jpg"
    path.write_bytes(data[:place] + b"\xff" * 5 + data[place:])
    want = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    np.testing.assert_array_equal(read_picture(path).pixels, want)


def test_a_profile_of_several_jpeg_segments_is_put_together(tmp_path):
    profile = icc("long", light=True) + bytes(70_000)
    path = tmp_path / "a.jpg"
    path.write_bytes(pillow(IMAGE, "JPEG", icc_profile=profile))
    assert read_info(path).space.profile == profile and not read_info(path).is_srgb


def test_a_grey_profile_is_followed(tmp_path):
    light = np.rint(linear(GREY / 255) * 255).astype(np.uint8)
    tags = [(34675, 7, None, icc("grey, linear", light=True, model=b"GRAY"), True)]
    path = tmp_path / "a.tif"
    path.write_bytes(tiff(light, photometric="minisblack", extratags=tags))
    pixels = read_picture(path).pixels
    bright = GREY > 60
    assert np.abs(pixels[bright].astype(int) - grey3(GREY)[bright]).max() <= 5


def test_a_cmyk_profile_is_followed(tmp_path):
    """Any profile with A2B tables will do; LittleCMS can make one from a device link."""
    found = None
    for name in ("/usr/share/color/icc/ghostscript/default_cmyk.icc",):
        try:
            with open(name, "rb") as stream:  # noqa: PTH123
                found = stream.read()
        except OSError:
            pytest.skip("no CMYK profile on this machine")
    path = tmp_path / "a.jpg"
    path.write_bytes(pillow(IMAGE.convert("CMYK"), "JPEG", quality=97, icc_profile=found))
    picture = read_picture(path)
    assert picture.info.space.model == "CMYK"
    assert np.abs(picture.pixels.astype(int) - PIC).mean() > 3  # inks are no light


def test_float_light_is_read_where_it_is_asked_for(tmp_path):
    path = tmp_path / "a.tif"
    light = linear(PIC / 255).astype(np.float32)
    light[0, 0] = 3.5
    path.write_bytes(tiff(light))
    picture = read_picture(path, floats=True)
    off = np.abs(picture.pixels.astype(int) - WIDE)
    off[0, 0] = 0
    assert off.max() <= 1 and (picture.pixels[0, 0] == 65535).all()
    assert "above white are cut" in picture.info.notes[-1]
    with pytest.raises(PictureError, match="float32 samples; 8 and 16-bit pictures are read"):
        read_picture(path)
    path.write_bytes(tiff(np.float32(PIC)))
    with pytest.raises(PictureError, match="float samples up to 252"):
        read_picture(path, floats=True)


def cut(data, share=0.6):
    return data[: int(len(data) * share)]


REFUSED = {
    "float64": (tiff(PIC / 255), "float64 samples; 8 and 16-bit pictures are read"),
    "int8": (tiff(PIC.astype(np.int8)), "signed 8-bit samples"),
    "int16": (tiff(PIC.astype(np.int16)), "signed 16-bit samples"),
    "int32": (tiff(PIC.astype(np.int32)), "signed 32-bit samples"),
    "uint64": (tiff(PIC.astype(np.uint64)), "64-bit samples"),
    "PQ": (png(PIC, (b"cICP", bytes((9, 16, 0, 1)))), "HDR picture .PQ.*tone-map"),
    "video range": (png(PIC, (b"cICP", bytes((1, 13, 0, 0)))), "cICP 1/13/0/0"),
    "cut jpeg": (cut(pillow(IMAGE, "JPEG")), "truncated"),
    "cut png": (cut(png(PIC)), "truncated"),
    "cut tiff": (cut(tiff(PIC)), "truncated|damaged"),
    "cut webp": (cut(pillow(IMAGE, "WEBP")), "a: "),
    "empty": (b"", "empty"),
    "text": (b"no picture at all", "not a PNG, TIFF or JPEG"),
    "raw": (tiff(PIC, photometric=34892), "linear raw; develop it with"),
    "broken profile": (png(PIC, iccp(icc("x")[:150])), "damaged|not a matrix"),
    "bomb": (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 1 << 20, 1 << 20, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", b"")
        + chunk(b"IEND", b""),
        "at most 2.28 are read",
    ),
    "12-bit jpeg": (
        b"\xff\xd8\xff\xc1\x00\x0b\x0c\x00\x08\x00\x08\x01\x01\x11\x00"
        b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x00\xff\xd9",
        "12 bits per sample",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_rightly_is_refused_in_one_line(tmp_path, name):
    data, message = REFUSED[name]
    path = tmp_path / "a"
    path.write_bytes(data)
    with pytest.raises(PictureError, match=message) as caught:
        read_picture(path)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)
    assert isinstance(caught.value, UserError)


MUTATED = ("png", "jpeg", "jpeg cmyk", "webp", "tiff", "tiff lzw", "tiff jpeg", "tiff palette")
MUTATED += ("tiff cmyk", "tiff straight", "tiff tiled", "cICP before iCCP")


def mutate(data, rng):
    """Cut, overwritten, a byte more or less, or a run of zeros."""
    data = bytearray(data)
    kind = rng.integers(5)
    at = int(rng.integers(len(data)))
    if kind == 0:
        return bytes(data[:at])
    if kind == 1:
        for _ in range(rng.integers(1, 20)):
            data[int(rng.integers(len(data)))] = int(rng.integers(256))
    elif kind == 2:
        del data[at : at + int(rng.integers(1, 40))]
    elif kind == 3:
        data[at:at] = rng.bytes(int(rng.integers(1, 40)))
    else:  # in the header, where it hurts
        data[int(rng.integers(min(len(data), 300)))] = int(rng.integers(256))
    return bytes(data)


def read_mutated(path, count, seed):
    """Read so many damaged files: each gives a picture or one named line. How many were refused."""
    rng, refused = np.random.default_rng(seed), 0
    sources = [RIGHT[name][0] for name in MUTATED]
    for number in range(count):
        path.write_bytes(mutate(sources[number % len(sources)], rng))
        try:
            picture = read_picture(path, floats=True)
        except PictureError as error:
            text = str(error)
            assert (
                text.startswith(f"{path}: ") and "\n" not in text and len(text) > len(f"{path}: ")
            )
            refused += 1
        else:
            assert picture.pixels.dtype in (np.uint8, np.uint16) and picture.pixels.ndim == 3
    return refused


def test_damaged_pictures_are_read_or_named(tmp_path):
    assert read_mutated(tmp_path / "a", 120, seed=1) > 40


@pytest.mark.slow
def test_two_thousand_damaged_pictures_are_read_or_named(tmp_path):
    assert read_mutated(tmp_path / "a", 2000, seed=2) > 700


@pytest.mark.parametrize("kind", [10, 5])
def test_an_exif_block_with_a_number_for_a_text_is_left_out(kind):
    """DateTime as a fraction: Pillow reads it, and cannot write it again."""
    block = b"II*\0" + struct.pack("<IHHHIIIII", 8, 1, 306, kind, 1, 26, 0, 1, 2)
    data = io.BytesIO()
    Image.new("RGB", (4, 4)).save(data, "JPEG", exif=b"Exif\0\0" + block)
    with Image.open(io.BytesIO(data.getvalue())) as picture:
        assert 306 in picture.getexif()
    assert exif_of(data.getvalue()) == b""
