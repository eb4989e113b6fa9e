from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import pytest

import luts
from luts.lut import Lut3D, nodes
from luts.pictures import read_info, read_picture, write_picture
from luts.plate.plate import (
    Marker,
    identity_plate,
    lay_out,
    marker_bits,
    quantised_nodes,
    read_marker,
    unroll,
)
from luts.plate.read import read_plate
from luts.plate.write import write_plate


def film(encoded: np.ndarray) -> np.ndarray:
    """A smooth edit of encoded colours that stays inside [0, 1]."""
    mix = np.array([[0.85, 0.1, 0.05], [0.05, 0.9, 0.05], [0.05, 0.15, 0.8]])
    return 0.04 + 0.9 * (encoded**1.2) @ mix.T


def edited(plate: np.ndarray, edit=film) -> np.ndarray:
    white = np.iinfo(plate.dtype).max
    return np.clip(np.round(edit(plate / white) * white), 0, white).astype(plate.dtype)


def save(path, pixels, **options):
    write_picture(path, pixels, **options)
    return path


# The plates -----------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["hald", "tiles", "strip"])
def test_layouts_roll_and_unroll(layout, rng):
    table = rng.random((9, 9, 9, 3))
    np.testing.assert_array_equal(unroll(lay_out(table, layout), layout), table)


def test_the_hald_layout_runs_red_then_green_then_blue():
    square = identity_plate(2)[:8]
    assert square[0, :5].tolist() == [
        [0, 0, 0],
        [85, 0, 0],
        [170, 0, 0],
        [255, 0, 0],
        [0, 85, 0],
    ]
    assert square[2, 0].tolist() == [0, 0, 85]


def test_the_tiles_layout_puts_blue_by_tile():
    square = identity_plate(8, "tiles")[:512]
    assert square[0, 63].tolist() == [255, 0, 0]
    assert square[63, 0].tolist() == [0, 255, 0]
    assert square[0, 64].tolist() == [0, 0, 4]
    assert square[448, 448].tolist() == [0, 0, 255]


def test_our_identity_is_that_of_another_program(shared):
    theirs = read_picture(shared / "luts" / "pillowlut_hald.4.png").pixels
    np.testing.assert_array_equal(identity_plate(4)[:64], theirs)


@pytest.mark.parametrize("level", range(2, 17))
def test_every_marker_survives_a_strong_edit(level):
    for layout in ("hald", "tiles"):
        for bits in (8, 16):
            marker = Marker(level, layout, bits)
            strip = marker_bits(marker)[None, :, None].repeat(3, -1)  # one row of cells
            assert (strip.shape, strip.min(), strip.max()) == ((1, 32, 3), 0, 1)
    plate = identity_plate(min(level, 6), "tiles", 16)
    strip = plate[min(level, 6) ** 3 :]
    for edit in (lambda x: 0.6 - 0.2 * x, lambda x: 0.02 + 0.05 * x[..., ::-1]):
        found, cells = read_marker(edited(strip, edit))
        assert found == Marker(min(level, 6), "tiles", 16)
        assert cells.shape == (32, 3)


def test_one_wrong_cell_makes_a_marker_unreadable():
    strip = identity_plate(4)[64:]
    for cell in range(32):
        wrong = strip.copy()
        wrong[:, 2 * cell : 2 * cell + 2] = 255 - wrong[:, 2 * cell : 2 * cell + 2]
        assert read_marker(wrong)[0] is None


# There and back -------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("layout", ["hald", "tiles"])
@pytest.mark.parametrize("level", [2, 3, 4, 5, 6])
def test_an_untouched_plate_is_exactly_the_identity(tmp_path, level, layout, bits, suffix):
    write_plate(tmp_path / f"plate.{suffix}", level, layout, bits)
    reading = read_plate(tmp_path / f"plate.{suffix}")
    np.testing.assert_allclose(reading.lut.table, nodes(level**2), atol=2e-7)
    assert (reading.layout, reading.bits) == (layout, bits)
    assert reading.marker == Marker(level, layout, bits)
    assert "nothing was changed" in reading.notes[0]


@pytest.mark.parametrize(("bits", "levels"), [(8, 1.0), (16, 0.005)])
@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("layout", ["hald", "tiles"])
def test_an_edit_comes_back_as_its_lut(tmp_path, layout, marked, bits, levels):
    plate = edited(identity_plate(6, layout, bits))
    path = save(tmp_path / "edited.png", plate if marked else plate[: 6**3])
    reading = read_plate(path)
    assert reading.layout == layout
    assert reading.notes == ()
    error = np.abs(reading.lut.table - film(nodes(36))) * 255
    assert error.max() < levels


def test_undoing_the_plate_rounding_lowers_the_error(tmp_path):
    plate = edited(identity_plate(8))
    ours = read_plate(save(tmp_path / "a.png", plate)).lut.table
    plain = unroll(plate[:512], "hald") / 255
    truth = film(nodes(64))
    assert np.abs(ours - truth).mean() < 0.8 * np.abs(plain - truth).mean()


@pytest.mark.parametrize("size", [16, 25, 32])
def test_strips_of_any_size_are_read(tmp_path, size):
    picture = edited(lay_out(quantised_nodes(size, 8), "strip"))
    reading = read_plate(save(tmp_path / "strip.png", picture))
    assert (reading.layout, reading.lut.size) == ("strip", size)
    assert np.abs(reading.lut.table - film(nodes(size))).max() < 1 / 255


def test_a_filter_of_another_program_is_read(shared):
    reading = read_plate(shared / "luts" / "pillowlut_hald.6.hefe.png")
    assert (reading.layout, reading.lut.size, reading.marker) == ("hald", 36, None)


@pytest.mark.parametrize("layout", ["hald", "tiles"])
@pytest.mark.parametrize(
    "edit",
    [
        lambda x: x**0.4,
        lambda x: x**2.5,
        lambda x: 1 - x,
        lambda x: np.clip(3 * x - 1, 0, 1),
        lambda x: x[..., ::-1],
        lambda x: x.mean(-1, keepdims=True).repeat(3, -1),
        lambda x: 0.5 + 0 * x,
    ],
)
def test_the_layout_is_recognised_under_strong_edits(tmp_path, layout, edit):
    square = edited(identity_plate(6, layout), edit)[:216]
    if np.ptp(square) > 0:  # one flat colour has every layout
        path = save(tmp_path / "a.png", square)
        assert (
            read_plate(path, flip=False).layout == layout
        )  # without its marker, a swap may be a turn
    else:
        assert np.ptp(read_plate(save(tmp_path / "a.png", square)).lut.table) == 0


# What may go wrong ----------------------------------------------------------------------------


def spoil(plate: np.ndarray, effect: str) -> np.ndarray:
    rng = np.random.default_rng(1)
    soft = 255 * film(plate / 255)
    height, width = plate.shape[:2]
    down, across = np.mgrid[:height, :width]
    falloff = 1 - ((across / width - 0.5) ** 2 + (down / height - 0.5) ** 2)
    spoilt = {
        "grain": soft + rng.normal(0, 2, soft.shape),
        "dither": soft + rng.uniform(-0.5, 0.5, (2, *soft.shape)).sum(0),
        "blur": cv2.GaussianBlur(soft, (0, 0), 0.7),
        "vignette": soft * falloff[..., None],
        "sharpening": 50 + 0.6 * soft + 0.4 * (soft - cv2.GaussianBlur(soft, (0, 0), 12)),
        "clipping": soft * 1.5,
        "folding": 255 * (0.5 + 0.5 * np.sin(soft / 255 * 2 * np.pi)),
        "negative": 255 - soft,
    }[effect]
    return np.clip(np.round(spoilt), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("effect", "note"),
    [
        ("grain", r"noise of (1\.9|2\.\d) levels"),
        ("dither", r"noise of 0\.\d levels"),
        ("blur", "bleed into each other"),
        ("vignette", "depends on the place or its surroundings"),
        ("sharpening", "sharpening, clarity or local contrast was on"),
        ("clipping", "of the nodes are clipped"),
        ("folding", "of the cube is folded"),
        ("negative", "red, green, blue runs backwards"),
    ],
)
def test_what_spoils_a_plate_is_noted(tmp_path, effect, note):
    path = save(tmp_path / "a.png", spoil(identity_plate(6), effect))
    with pytest.raises(AssertionError, match=note):
        raise AssertionError("; ".join(read_plate(path).notes))


def test_a_plate_that_lost_its_depth_is_noted(tmp_path):
    plate = edited(identity_plate(4, bits=16)) >> 8
    reading = read_plate(save(tmp_path / "a.png", plate.astype(np.uint8)))
    assert "had 16 bits and came back with 8" in " ".join(reading.notes)


def test_a_jpeg_is_noted_when_its_chroma_is_whole(tmp_path):
    reading = read_plate(save(tmp_path / "a.jpg", edited(identity_plate(6))))
    assert "JPEG: colours are off" in reading.notes[0]


def refused(path, message):
    with pytest.raises(luts.LutFormatError, match=message) as caught:
        read_plate(path)
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("spoilt", "message"),
    [
        (identity_plate(4)[:-1], "64x65 pixels is no plate's size"),
        (np.zeros((480, 640, 3), np.uint8), "640x480 pixels is no plate's size"),
        (identity_plate(4)[::-1], "turned, mirrored, scaled"),
        (identity_plate(4)[:, ::-1], "turned, mirrored, scaled"),
        (np.repeat(np.repeat(identity_plate(2), 8, 0), 8, 1)[:66], "painted over"),
        (np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8), "not an edited"),
        (np.random.default_rng(0).integers(0, 256, (16, 256, 3), np.uint8), "not an edited"),
        (np.dstack([identity_plate(4), identity_plate(4)[..., 0]]), "transparent pixels"),
    ],
)
def test_pictures_that_are_no_plate_are_refused(tmp_path, spoilt, message):
    alpha = spoilt[..., 3] if spoilt.shape[2] == 4 else None
    refused(save(tmp_path / "a.png", spoilt[..., :3].copy(), alpha=alpha), message)


def test_an_opaque_alpha_channel_does_no_harm(tmp_path):
    plate = edited(identity_plate(4))
    path = save(tmp_path / "a.png", plate, alpha=np.full(plate.shape[:2], 255, np.uint8))
    assert read_plate(path).notes == ()


def test_a_layout_given_by_hand_must_be_the_right_one(tmp_path):
    path = save(tmp_path / "a.png", edited(identity_plate(4, "tiles"))[:64])
    assert read_plate(path, layout="tiles").layout == "tiles"
    with pytest.raises(luts.LutFormatError, match="in tiles order, not in hald order"):
        read_plate(path, layout="hald")
    with pytest.raises(luts.LutFormatError, match="strip does not fit"):
        read_plate(path, layout="strip")


def with_chunk(png: bytes, kind: bytes, body: bytes) -> bytes:
    """Insert a chunk after IHDR."""
    chunk = struct.pack(">I", len(body)) + kind + body
    chunk += struct.pack(">I", zlib.crc32(kind + body))
    return png[:33] + chunk + png[33:]


def profile(name: str) -> bytes:
    text = b"desc" + bytes(4) + struct.pack(">I", len(name) + 1) + name.encode() + b"\0"
    return bytes(128) + struct.pack(">I4sII", 1, b"desc", 144, len(text)) + text


def png(tmp_path) -> bytes:
    """A plate without any tag."""
    write_picture(tmp_path / "plain.png", identity_plate(4))
    return (tmp_path / "plain.png").read_bytes()


@pytest.mark.parametrize("name", ["Adobe RGB (1998)", "Display P3"])
def test_a_foreign_profile_is_refused_by_name(tmp_path, name):
    path = tmp_path / "a.png"
    path.write_bytes(with_chunk(png(tmp_path), b"iCCP", b"x\0\0" + zlib.compress(profile(name))))
    refused(path, "convert to sRGB on export")
    assert read_info(path).profile == name


def test_a_gamma_chunk_other_than_srgb_is_refused(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(with_chunk(png(tmp_path), b"gAMA", struct.pack(">I", 100000)))
    refused(path, r"tagged with gamma 1 \(gAMA")
    path.write_bytes(with_chunk(png(tmp_path), b"gAMA", struct.pack(">I", 45455)))
    assert read_plate(path).layout == "hald"


def test_srgb_tags_are_welcome(tmp_path):
    from PIL import ImageCms

    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    body = b"x\0\0" + zlib.compress(srgb)
    (tmp_path / "a.png").write_bytes(with_chunk(png(tmp_path), b"iCCP", body))
    assert read_plate(tmp_path / "a.png").layout == "hald"


def test_a_greyscale_plate_is_a_black_and_white_look(tmp_path):
    """ImageMagick and others write grey by themselves once a plate has become grey."""
    luma = identity_plate(4)[:64] @ np.array([0.2126, 0.7152, 0.0722])
    grey = np.uint8(np.rint(luma))
    save(tmp_path / "grey.png", grey)
    save(tmp_path / "rgb.png", np.repeat(grey[..., None], 3, axis=2))
    one, two = read_plate(tmp_path / "grey.png"), read_plate(tmp_path / "rgb.png")
    np.testing.assert_array_equal(one.lut.table, two.lut.table)
    assert "greyscale: a black-and-white look" in one.notes


def test_palette_and_subsampled_pictures_are_refused(tmp_path):
    from PIL import Image

    Image.fromarray(identity_plate(4)[:64]).quantize(256).save(tmp_path / "palette.png")
    refused(tmp_path / "palette.png", "palette")
    cv2.imwrite(str(tmp_path / "a.jpg"), identity_plate(4)[:64])  # OpenCV's default is 4:2:0
    refused(tmp_path / "a.jpg", "chroma subsampling")


@pytest.mark.parametrize("data", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"])
def test_files_that_are_no_picture_are_refused(tmp_path, data):
    path = tmp_path / "a.png"
    path.write_bytes(data)
    with pytest.raises(luts.LutFormatError, match=r"not a PNG|empty|truncated"):
        read_plate(path)


def test_a_plate_is_never_written_as_jpeg_or_as_an_unknown_format(tmp_path):
    with pytest.raises(luts.LutFormatError, match="JPEG changes colours"):
        write_plate(tmp_path / "a.jpg")
    with pytest.raises(luts.LutFormatError, match="pictures are written as"):
        write_plate(tmp_path / "a.bmp")


@pytest.mark.parametrize(
    ("options", "message"),
    [({"level": 1}, "2 to 16"), ({"layout": "strip"}, "one of"), ({"bits": 12}, "one of")],
)
def test_impossible_plates_are_refused(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        write_plate(tmp_path / "a.png", **options)


# Fuzz -----------------------------------------------------------------------------------------


def mutated(good: bytes, rng: np.random.Generator) -> bytes:
    data = bytearray(good)
    for _ in range(rng.integers(1, 6)):
        place = int(rng.integers(len(data)))
        match rng.integers(4):
            case 0:
                data[place] = int(rng.integers(256))
            case 1:
                del data[place : place + int(rng.integers(1, 40))]
            case 2:
                data[place:place] = rng.bytes(int(rng.integers(1, 20)))
            case 3:
                data = data[: max(place, 9)]
        data = data or bytearray(b"\0")
    return bytes(data)


def fuzz(tmp_path, cases: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    good = [
        save(tmp_path / f"good.{suffix}", edited(identity_plate(2))).read_bytes()
        for suffix in ("png", "tif", "jpg")
    ]
    path = tmp_path / "fuzz.png"
    for case in range(cases):
        path.write_bytes(rng.bytes(200) if case % 10 == 0 else mutated(good[case % 3], rng))
        try:
            reading = read_plate(path)
        except luts.LutFormatError:
            continue
        assert isinstance(reading.lut, Lut3D)


@pytest.mark.filterwarnings("ignore")  # decoders warn about damaged files in their own ways
def test_no_picture_gets_anything_but_a_refusal_out_of_the_importer(tmp_path, capfd):
    fuzz(tmp_path, 200, seed=0)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_ten_thousand_damaged_pictures(tmp_path, capfd):
    fuzz(tmp_path, 10_000, seed=1)


# Other rectangles, frames, mirrors and JPEG -----------------------------------------------------


def curve(table):
    """A look under which no two channels are alike."""
    return np.clip(table**0.8 * [1.0, 0.95, 0.9] + [0.0, 0.02, 0.05], 0, 1)


def codes(size: int) -> np.ndarray:
    return np.rint(curve(nodes(size)) * 65535).astype(np.uint16)


@pytest.mark.parametrize(
    ("size", "high", "wide", "layout"),
    [(16, 16, 1, "column"), (32, 4, 8, "grid"), (32, 8, 4, "grid"), (33, 3, 11, "grid")],
)
def test_tiles_in_any_rectangle_are_read(tmp_path, size, high, wide, layout):
    by_blue = codes(size).transpose(2, 1, 0, 3)
    tiled = by_blue.reshape(high, wide, size, size, 3).transpose(0, 2, 1, 3, 4)
    picture = np.ascontiguousarray(tiled.reshape(high * size, wide * size, 3))
    reading = read_plate(save(tmp_path / "tiles.png", picture))
    assert reading.layout == layout
    np.testing.assert_allclose(reading.lut.table, curve(nodes(size)), atol=2e-5)


@pytest.mark.parametrize("frame", [0, 20000, 65535])
@pytest.mark.parametrize("edit", [lambda x: x, lambda x: x * 0.8 + 0.1])
def test_a_plate_inside_a_larger_frame_is_found(tmp_path, frame, edit):
    """As a still of a player or an editor: 1920 x 1080 with a plate of 512 in it."""
    plate = identity_plate(8, bits=16) / 65535
    still = np.full((1080, 1920, 3), frame, np.uint16)
    still[200 : 200 + len(plate), 700 : 700 + 512] = np.rint(edit(plate) * 65535)
    lut = read_plate(save(tmp_path / "still.png", still)).lut
    np.testing.assert_allclose(lut.table, edit(nodes(64)), atol=3e-5)


def test_a_frame_without_a_plate_is_refused(tmp_path):
    still = np.zeros((108, 192, 3), np.uint8)
    still[20:60, 30:100] = 200
    refused(save(tmp_path / "still.png", still), "192x108 pixels is no plate's size")


@pytest.mark.parametrize("axes", [(0,), (1,), (2,), (0, 1), (1, 2)])
def test_a_mirrored_picture_is_refused_or_put_right(tmp_path, axes):
    """Unity's strips have green upwards; tiles upside down have green and blue backwards."""
    table = np.flip(codes(16), axes)
    path = save(tmp_path / "m.png", np.ascontiguousarray(lay_out(table, "strip")))
    refused(path, "backwards: a mirrored or turned picture")
    reading = read_plate(path, flip=True)
    np.testing.assert_allclose(reading.lut.table, curve(nodes(16)), atol=2e-5)
    assert "put right" in reading.notes[0]
    kept = read_plate(path, flip=False)
    np.testing.assert_allclose(kept.lut.table, table / 65535, atol=2e-5)


@pytest.mark.parametrize("order", [(2, 1, 0), (1, 0, 2), (1, 2, 0), (2, 0, 1)])
def test_red_by_tile_is_refused_or_put_right(tmp_path, order):
    table = codes(16).transpose(*order, 3)
    path = save(tmp_path / "m.png", np.ascontiguousarray(lay_out(table, "strip")))
    refused(path, "channels along each other's axes")
    reading = read_plate(path, flip=True)
    np.testing.assert_allclose(reading.lut.table, curve(nodes(16)), atol=2e-5)


def test_a_negative_is_an_edit(tmp_path):
    path = save(tmp_path / "n.png", np.ascontiguousarray(lay_out(65535 - codes(16), "strip")))
    np.testing.assert_allclose(read_plate(path).lut.table, 1 - curve(nodes(16)), atol=2e-5)


@pytest.mark.parametrize(("quality", "chroma", "limit"), [(95, 0, 0.9), (90, 2, 1.2), (75, 2, 2.0)])
def test_a_jpeg_proof_plate_survives_jpeg(tmp_path, quality, chroma, limit):
    """Mean error in levels; an ordinary plate through 4:2:0 is off by up to 85 and is refused."""
    from PIL import Image

    write_plate(tmp_path / "plate.png", 4, jpeg_proof=True)
    pixels = read_picture(tmp_path / "plate.png").pixels
    assert pixels.shape[1] == 1024
    graded = np.rint(curve(pixels / 255) * 255).astype(np.uint8)
    path = tmp_path / "back.jpg"
    Image.fromarray(graded).save(path, quality=quality, subsampling=chroma)
    reading = read_plate(path)
    off = np.abs(reading.lut.table - curve(nodes(16))) * 255
    assert off.mean() < limit and off.max() < 9 * limit
    assert not [note for note in reading.notes if "JPEG: colours are off" in note]


def test_a_plate_says_that_it_is_srgb(tmp_path):
    write_plate(tmp_path / "plate.png", 4)
    assert b"sRGB\0" in (tmp_path / "plate.png").read_bytes()[:100]
    assert read_info(tmp_path / "plate.png").space.origin != "untagged"
