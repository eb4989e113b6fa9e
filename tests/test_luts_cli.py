from __future__ import annotations

import cv2
import numpy as np
import pytest

import luts
from luts.algebra import compose, resize, strength
from luts.cli import VERBS, main
from luts.lut import Lut1D, Lut3D, ShapedLut, nodes
from luts.pictures import read_picture, write_picture

LOOK = Lut3D(0.05 + 0.85 * nodes(9) ** 1.2, title="look")
CURVES = Lut1D(np.linspace(0, 1, 16)[:, None] ** [0.9, 1, 1.1])
SHAPED = ShapedLut(CURVES, LOOK)


@pytest.fixture
def files(tmp_path, monkeypatch, rng):
    """A folder with a LUT of each kind and a small picture; the tests run inside it."""
    monkeypatch.chdir(tmp_path)
    luts.write_cube(LOOK, "look.cube")
    luts.write_cube(CURVES, "curves.cube")
    luts.write_cube(SHAPED, "shaped.cube", "resolve")
    coarse = rng.random((6, 8, 3)).astype(np.float32)
    photo = cv2.resize(coarse, (96, 64), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    write_picture("photo.png", np.round(photo * 255).astype(np.uint8))
    write_picture("photo16.tif", np.round(photo * 65535).astype(np.uint16))
    return tmp_path


def test_every_verb_explains_itself_with_an_example(capsys):
    for verb in VERBS:
        assert main([verb, "--help"]) == 0
        assert f"example:\n  luts {verb}" in capsys.readouterr().out


@pytest.mark.parametrize("picture", ["photo.png", "photo16.tif"])
def test_apply_writes_the_picture_at_its_own_depth(files, capsys, picture):
    out = picture.replace("photo", "graded")
    assert main(["apply", "look.cube", picture, "-o", out]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    expected = luts.apply(luts.read_cube("look.cube"), read_picture(picture).pixels)
    np.testing.assert_array_equal(read_picture(out).pixels, expected)


def test_apply_keeps_transparency_and_takes_a_rule(files):
    pixels = read_picture("photo.png").pixels
    write_picture("cut.png", pixels, alpha=pixels[..., 0])
    command = ["apply", "shaped.cube", "cut.png", "-o", "out.png", "--interpolation", "trilinear"]
    assert main(command) == 0
    result = read_picture("out.png")
    np.testing.assert_array_equal(result.alpha, pixels[..., 0])
    expected = luts.apply(luts.read_cube("shaped.cube"), pixels, "trilinear")
    np.testing.assert_array_equal(result.pixels, expected)


def test_info_shows_what_a_file_holds(files, capsys):
    assert main(["info", "look.cube", "shaped.cube"]) == 0
    shown = capsys.readouterr().out
    assert "look.cube: cube of 9\n  title      look" in shown
    assert luts.table_hash(luts.read_cube("look.cube")) in shown
    assert "shaped.cube: curves of 16, then cube of 9" in shown


def test_lint_lists_every_program_and_fails_for_what_we_refuse(files, capsys):
    assert main(["lint", "look.cube"]) == 0
    (files / "bad.cube").write_text("LUT_3D_SIZE 2\n0,1 0 0\n")
    assert main(["lint", "look.cube", "bad.cube"]) == 1
    shown = capsys.readouterr().out
    assert "refused: bad.cube:2: commas" in shown
    assert "OpenColorIO     refuses (too few rows)" in shown


def test_an_edited_plate_becomes_a_lut(files, capsys):
    assert main(["hald", "plate.png", "--level", "4"]) == 0
    assert main(["apply", "look.cube", "plate.png", "-o", "edited.png"]) == 0
    assert main(["hald", "--read", "edited.png", "-o", "back.cube", "--size", "9"]) == 0
    assert capsys.readouterr().out.split() == ["plate.png", "edited.png", "back.cube"]
    np.testing.assert_allclose(luts.read_cube("back.cube").table, LOOK.table, atol=2e-3)


def test_the_notes_on_a_plate_go_to_stderr(files, capsys):
    assert main(["hald", "plate.png", "--level", "2", "--bits", "8"]) == 0
    assert main(["hald", "--read", "plate.png", "-o", "back.cube"]) == 0
    assert "plate.png: nothing was changed" in capsys.readouterr().err


def test_a_pair_becomes_a_lut_with_its_coverage(files, capsys):
    main(["apply", "look.cube", "photo.png", "-o", "after.png"])
    assert main(["fit", "photo.png", "after.png", "-o", "fitted.cube"]) == 0
    assert "of the nodes were seen" in capsys.readouterr().err
    assert (files / "fitted.coverage.json").exists()
    main(["apply", "fitted.cube", "photo.png", "-o", "again.png"])
    assert capsys.readouterr().err == ""
    difference = read_picture("again.png").pixels.astype(int) - read_picture("after.png").pixels
    assert np.abs(difference).max() <= 2
    write_picture("other.png", 255 - read_picture("photo.png").pixels)
    main(["apply", "fitted.cube", "other.png", "-o", "again.png"])
    assert "of this picture's colours were not in the fit" in capsys.readouterr().err


def test_inverting_tells_the_error_it_leaves(files, capsys):
    assert main(["invert", "look.cube", "-o", "undo.cube"]) == 0
    assert "CIEDE2000 mean 0.0" in capsys.readouterr().err
    undone = luts.apply(luts.read_cube("undo.cube"), luts.apply(LOOK, np.float32([0.5, 0.4, 0.6])))
    np.testing.assert_allclose(undone, [0.5, 0.4, 0.6], atol=2e-3)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["compose", "look.cube", "curves.cube", "--size", "9"], compose(LOOK, CURVES, size=9)),
        (["resize", "look.cube", "--size", "17"], resize(LOOK, 17)),
        (["strength", "look.cube", "0.5"], strength(LOOK, 0.5)),
        (["convert", "look.cube", "--dialect", "resolve"], LOOK),
        (["convert", "shaped.cube", "--size", "9"], compose(SHAPED, size=9)),
    ],
)
def test_algebra_on_files_is_the_algebra(files, capsys, command, expected):
    assert main([*command, "-o", "out.cube"]) == 0
    assert capsys.readouterr().out == "out.cube\n"
    np.testing.assert_allclose(luts.read_cube("out.cube").table, expected.table, atol=2e-6)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["apply", "no.cube", "photo.png", "-o", "a.png"], "no.cube: No such file"),
        (["apply", "look.cube", "look.cube", "-o", "a.png"], "look.cube: not a PNG, TIFF or JPEG"),
        (["apply", "look.cube", "photo.png", "-o", "a.gif"], "a.gif: pictures are written as"),
        (["apply", "look.cube", "photo16.tif", "-o", "a.jpg"], "a.jpg: JPEG holds 8 bits"),
        (["apply", "photo.png", "photo.png", "-o", "a.png"], "96x64 pixels is no plate's size"),
        (["hald", "a.png", "--level", "17"], "--level 17: plates have level 2 to 16"),
        (["hald", "a.png", "--layout", "strip"], "strips are only read"),
        (["hald", "a.jpg"], "a.jpg: JPEG changes colours"),
        (["hald", "--read", "photo.png"], "--read needs -o"),
        (["hald", "--read", "photo.png", "-o", "a.cube"], "96x64 pixels is no plate's size"),
        (["fit", "photo.png", "photo.png", "--size", "99", "-o", "a.cube"], "3 to 41"),
        (["compose", "look.cube", "--size", "1", "-o", "a.cube"], "--size 1: a cube has 2 to 256"),
        (["strength", "look.cube", "nan", "-o", "a.cube"], "a finite number, got nan"),
        (
            ["convert", "shaped.cube", "-o", "a.cube", "--dialect", "iridas"],
            "the iridas dialect holds one table",
        ),
    ],
)
def test_mistakes_are_one_line_and_exit_2(files, capsys, command, message):
    assert main(command) == 2
    shown = capsys.readouterr().err.splitlines()
    assert message in shown[-1]
    assert shown[-1].startswith(f"luts {command[0]}: ")
    assert not (files / "a.cube").exists()


@pytest.fixture
def log_shaped(files):
    """A log curve for linear light and a cube behind it; baked away, colours are lost."""
    light = np.linspace(0, 1, 4096)
    curve = Lut1D((np.log2(light * 1000 + 1) / np.log2(1001))[:, None].repeat(3, 1))
    luts.write_cube(ShapedLut(curve, Lut3D(nodes(17) ** 0.9)), "log.cube", "resolve")
    luts.write_cube(curve, "logcurve.cube")
    return files


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["convert", "log.cube", "--size", "33"], "warning: baked into one cube of 33 loses"),
        (["convert", "look.cube", "--size", "33"], "baked into one cube of 33: dE00 mean 0.0"),
        (["resize", "logcurve.cube", "--size", "33"], "would do"),
        (["resize", "logcurve.cube"], "resampled to 4096: dE00 mean 0.00"),
        (["resize", "look.cube", "--size", "3"], "; --size 17 would do"),
        (["compose", "log.cube", "look.cube"], "curves kept, a cube alone would lose colours"),
        (["compose", "log.cube", "look.cube", "--dialect", "iridas"], "warning: in a row"),
        (["compose", "look.cube", "curves.cube"], "in a row, cube of 33: dE00 mean 0.0"),
        (["strength", "log.cube", "0.5"], "mixed behind the curves"),
        (["convert", "log.cube"], "curves and a cube, in the Resolve dialect"),
    ],
)
def test_every_lossy_step_says_what_it_costs(log_shaped, capsys, command, told):
    assert main([*command, "-o", "out.cube"]) == 0
    assert told in capsys.readouterr().err
    luts.read_cube("out.cube")


def test_a_plate_resampled_says_what_it_costs(files, capsys):
    main(["hald", "plate.png", "--level", "4"])
    luts.write_cube(Lut3D(np.clip(nodes(65) * 3 - 1, 0, 1)), "hard.cube")
    main(["apply", "hard.cube", "plate.png", "-o", "edited.png"])
    assert main(["hald", "--read", "edited.png", "-o", "back.cube", "--size", "9"]) == 0
    assert "warning: resampled from 16 to 9 nodes loses colours" in capsys.readouterr().err


@pytest.mark.parametrize("family", ["oklch", "illuminant"])
def test_a_random_lut_has_the_severity_asked_for_at_its_size(files, capsys, family):
    for size in ("9", "17"):
        command = ["random", family, "--seed", "1", "--severity", "3", "--size", size]
        assert main([*command, "-o", "out.cube"]) == 0
        assert luts.severity(luts.read_cube("out.cube")).mean == pytest.approx(3, rel=0.01)


def test_apply_takes_folders_and_writes_the_same_names(files, capsys):
    (files / "in").mkdir()
    for name in ("a.png", "b.tif", "c.jpg"):
        write_picture(f"in/{name}", read_picture("photo.png").pixels)
    (files / "in" / "d.png").write_bytes(b"no picture")
    (files / "in" / "notes.txt").write_text("not a picture, and not meant to be one")
    assert main(["apply", "look.cube", "in", "-o", "out"]) == 1
    shown = capsys.readouterr()
    assert shown.out.split() == ["out/a.png", "out/b.tif", "out/c.jpg"]
    assert "d.png: not a" in shown.err and "notes" not in shown.err
    assert main(["apply", "look.cube", "in", "-o", "in"]) == 1
    assert "is the picture itself" in capsys.readouterr().err
    assert main(["apply", "look.cube", "in/a.png", "photo.png", "-o", "o.png"]) == 2
    assert "go into a folder" in capsys.readouterr().err


def test_apply_writes_16_bits_and_dithers(files):
    assert main(["apply", "look.cube", "photo.png", "-o", "o.png", "--bits", "16"]) == 0
    pixels = read_picture("photo.png").pixels
    fine, exact = read_picture("o.png").pixels, luts.apply(LOOK, np.float32(pixels) / 255)
    assert fine.dtype == np.uint16
    assert np.abs(fine - 65535 * exact).max() < 1
    flat = np.full((64, 64, 3), 100, np.uint8)
    write_picture("flat.png", flat)
    for _ in range(2):
        assert main(["apply", "look.cube", "flat.png", "-o", "d.png", "--dither"]) == 0
    dithered = read_picture("d.png").pixels
    wanted = 255 * luts.apply(LOOK, flat[0, 0].astype(np.float32) / 255)
    assert len(np.unique(dithered)) > 1
    np.testing.assert_allclose(dithered.mean((0, 1)), wanted, atol=0.06)


@pytest.mark.parametrize("out", ["o.jpg", "o.png"])
def test_apply_keeps_exif_and_the_profile(files, out):
    from PIL import Image, ImageCms

    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 6
    exif.get_ifd(0x8769)[0x9003] = "2024:01:02 03:04:05"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    pixels = read_picture("photo.png").pixels
    Image.fromarray(pixels).save("in.jpg", quality=95, exif=exif, icc_profile=profile)
    assert main(["apply", "look.cube", "in.jpg", "-o", out]) == 0
    with Image.open(out) as image:
        kept = image.getexif()
        assert kept[0x010F] == "Maker" and kept[0x0112] == 1  # turned upright already
        assert kept.get_ifd(0x8769)[0x9003] == "2024:01:02 03:04:05"
        assert image.info["icc_profile"] == profile
        assert image.size == (pixels.shape[0], pixels.shape[1])
    assert read_picture(out).info.is_srgb


def test_a_coverage_map_of_another_lut_says_nothing(files, capsys):
    main(["apply", "look.cube", "photo.png", "-o", "after.png"])
    main(["fit", "photo.png", "after.png", "-o", "fitted.cube"])
    luts.write_cube(CURVES, "fitted.cube")
    write_picture("other.png", 255 - read_picture("photo.png").pixels)
    capsys.readouterr()
    assert main(["apply", "fitted.cube", "other.png", "-o", "again.png"]) == 0
    assert "not in the fit" not in capsys.readouterr().err


def test_several_pairs_are_fitted_together(files, capsys):
    main(["apply", "look.cube", "photo.png", "-o", "after.png"])
    write_picture("other.png", 255 - read_picture("photo.png").pixels)
    main(["apply", "look.cube", "other.png", "-o", "after2.png"])
    command = ["fit", "photo.png", "after.png", "other.png", "after2.png", "-o", "fitted.cube"]
    assert main(command) == 0
    assert "2 pairs" in luts.read_cube("fitted.cube").comments[0]
    assert main([*command[:4], "-o", "x.cube"]) == 2
    assert "come in pairs" in capsys.readouterr().err
