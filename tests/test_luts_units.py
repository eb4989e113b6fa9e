"""Tables in other units and spaces: recognised, named with the remedy, and used rightly."""

from __future__ import annotations

import numpy as np
import pytest

import luts
from luts import library
from luts.cli import main
from luts.families import FAMILIES, draw
from luts.lut import Lut1D, Lut3D, ShapedLut, nodes
from luts.pictures import read_picture, write_picture
from luts.spaces import SPACES, adapted, check_space, convert
from luts.units import doubts

BENT = nodes(9) ** 0.7
CODE_TABLES = {code: Lut3D(BENT * code) for code in (255, 1023, 4095, 65535)}
LOG = np.linspace(0, 1, 4096)[:, None].repeat(3, 1)
SHAPER = Lut1D(np.log2(LOG * 16000 + 1) / np.log2(16001), domain_max=(16,) * 3)


@pytest.fixture
def photo(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    y, x = np.mgrid[0:64, 0:96]
    pixels = np.stack([x * 2.6, y * 4, (x + y) * 1.5], -1).clip(0, 255).astype(np.uint8)
    write_picture("photo.png", pixels)
    return pixels


def log_look(space: str) -> Lut3D:
    """What a camera maker gives: its log, shown on an sRGB display."""
    return Lut3D(np.clip(convert(nodes(33), space, "srgb"), 0, 1))


@pytest.mark.parametrize("code", CODE_TABLES)
def test_code_values_are_recognised_refused_and_divided(photo, capsys, code):
    luts.write_cube(CODE_TABLES[code], "codes.cube")
    assert main(["apply", "codes.cube", "photo.png", "-o", "o.png"]) == 2
    assert f"--divide {code}" in capsys.readouterr().err
    assert main(["info", "codes.cube"]) == 0
    assert "in code values" in capsys.readouterr().err
    assert main(["convert", "codes.cube", "--divide", str(code), "-o", "ok.cube"]) == 0
    np.testing.assert_allclose(luts.read_cube("ok.cube").table, BENT, atol=2e-6)
    assert main(["apply", "ok.cube", "photo.png", "-o", "o.png"]) == 0


def test_a_domain_that_pixels_hardly_fill_is_refused(photo, capsys):
    luts.write_cube(Lut3D(BENT, domain_max=(255,) * 3), "wide.cube")
    assert main(["apply", "wide.cube", "photo.png", "-o", "o.png"]) == 2
    assert "fill 0.4% of it" in capsys.readouterr().err
    assert main(["convert", "wide.cube", "--divide-domain", "255", "-o", "ok.cube"]) == 0
    assert luts.read_cube("ok.cube").is_unit


@pytest.mark.parametrize(
    "lut",
    [
        *(pytest.param(luts.load(name), id=name) for name in library.names()),
        pytest.param(SHAPER, id="shaper"),
        pytest.param(ShapedLut(SHAPER, Lut3D(BENT)), id="shaped"),
        pytest.param(Lut3D(nodes(17) * 1.25 - 0.05), id="beyond white"),
        pytest.param(Lut3D(nodes(5) * 4, domain_max=(4, 4, 4)), id="to four"),
        pytest.param(Lut3D(np.exp2(nodes(17) * 16 - 8)), id="log to light"),
    ],
)
def test_ordinary_luts_raise_no_doubt(lut):
    assert doubts(lut) == []


@pytest.mark.parametrize("family", FAMILIES)
def test_drawn_luts_raise_no_doubt(family):
    assert not [seed for seed in range(4) if doubts(draw(family, seed=seed).bake(17))]


@pytest.mark.parametrize("space", ["logc3", "slog3", "slog3-cine", "vlog", "clog2"])
def test_a_lut_for_log_input_is_named_with_the_remedy(space):
    (doubt,) = doubts(log_look(space))
    assert "--input-space" in doubt.text and not doubt.useless


@pytest.mark.parametrize("space", SPACES)
def test_spaces_go_there_and_back(space, rng):
    encoded = rng.random((500, 3)).astype(np.float32)
    back = convert(convert(encoded, "srgb", space), space, "srgb")
    np.testing.assert_allclose(back, encoded, atol=1e-3)


# Code of middle grey (0.18) and of black by the makers' papers: ARRI, "ALEXA LogC Curve", EI 800
# (0.3910, 0.0928) and "LogC4" (0.2784, 0.0929); Sony, "S-Log3" (420 and 95 of 1023); Panasonic,
# "V-Log/V-Gamut" (433 and 128 of 1023); RED, "REDWideGamutRGB and Log3G10" (1/3); AMPAS S-2016-001.
@pytest.mark.parametrize(
    ("space", "grey", "black"),
    [
        ("logc3", 0.3910, 0.0928),
        ("logc4", 0.2784, 0.0929),
        ("slog3", 420 / 1023, 95 / 1023),
        ("vlog", 433 / 1023, 128 / 1023),
        ("log3g10", 1 / 3, 0.0916),
        ("acescct", 0.4136, 0.0729),
        ("linear", 0.18, 0.0),
        ("rec709", 0.18 ** (1 / 2.4), 0.0),
        ("adobe-rgb", 0.18 ** (256 / 563), 0.0),
    ],
)
def test_middle_grey_and_black_have_the_published_codes(space, grey, black):
    values = convert(np.array([[0.18] * 3, [0.0] * 3]), "linear", space)
    np.testing.assert_allclose(values, [[grey] * 3, [black] * 3], atol=6e-4)


def test_colours_agree_with_colour_science(rng):
    import colour

    encoded = rng.random((200, 3))
    for space, theirs in (("display-p3", "Display P3"), ("adobe-rgb", "Adobe RGB (1998)")):
        expected = colour.RGB_to_RGB(
            encoded,
            "sRGB",
            theirs,
            apply_cctf_decoding=True,
            apply_cctf_encoding=True,
        )
        np.testing.assert_allclose(convert(encoded, "srgb", space), expected, atol=5e-3)


def test_a_p3_lut_on_srgb_pictures(photo, rng):
    """The same look, made in Display P3 and in sRGB: applied rightly, one result."""
    look = lambda x: x**1.3 * [1.0, 0.9, 0.8]  # noqa: E731
    p3 = Lut3D(look(nodes(33)))
    encoded = rng.random((300, 3))
    expected = np.clip(convert(look(convert(encoded, "srgb", "p3")), "p3", "srgb"), 0, 1)
    np.testing.assert_allclose(adapted(p3, "p3")(encoded), expected, atol=2e-3)
    luts.write_cube(p3, "p3.cube")
    command = ["apply", "p3.cube", "photo.png", "--input-space", "Display P3", "-o", "o.png"]
    assert main(command) == 0
    wanted = np.clip(convert(look(convert(photo / 255, "srgb", "p3")), "p3", "srgb"), 0, 1)
    assert np.abs(read_picture("o.png").pixels - 255 * wanted).max() < 1.5


def test_a_log_lut_shows_srgb_pictures_as_they_are(photo):
    luts.write_cube(log_look("slog3"), "show.cube")
    command = ["apply", "show.cube", "photo.png", "--input-space", "slog3", "-o", "o.png"]
    assert main(command) == 0
    assert np.abs(read_picture("o.png").pixels.astype(int) - photo).mean() < 1.5
    assert main(["convert", "show.cube", "--input-space", "slog3", "-o", "srgb.cube"]) == 0
    assert main(["apply", "srgb.cube", "photo.png", "-o", "o.png"]) == 0
    assert np.abs(read_picture("o.png").pixels.astype(int) - photo).mean() < 1.5


def test_an_unknown_space_is_refused():
    assert check_space("S-Log3") == "slog3" and check_space("BT.709") == "rec709"
    with pytest.raises(luts.UserError, match="no colour space 'slogg3'; did you mean 'slog3'"):
        check_space("slogg3")
