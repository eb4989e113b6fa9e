"""luts/library: files that follow from their recipes, and recipes that do what they say."""

from __future__ import annotations

import json

import numpy as np
import pytest

import luts
from luts import library
from luts.cli import main
from luts.colour.colorimetry import encoded_to_lab, luminance
from luts.colour.transfer import decode_srgb
from luts.cube.file import write_cube
from luts.make.bake_library import bake
from luts.make.library_recipes import RECIPES
from luts.make.library_steps import STEPS
from luts.measure import severity
from luts.preview import PHOTO

GREY = np.full((1, 3), 0.5)
RAMP = np.linspace(0, 1, 17)[:, None].repeat(3, axis=1)


def _lab(name, encoded=GREY):
    return encoded_to_lab(RECIPES[name].apply(np.asarray(encoded, float)))


def test_every_recipe_has_its_file_and_every_file_its_recipe():
    assert library.names() == sorted(RECIPES)
    assert len(RECIPES) >= 24


def test_the_library_stays_small():
    assert sum(library.path(name).stat().st_size for name in library.names()) < 6e6


@pytest.mark.parametrize("name", RECIPES)
def test_files_follow_from_their_recipes_to_the_byte(name, tmp_path):
    write_cube(bake(name), tmp_path / "again.cube")
    assert (tmp_path / "again.cube").read_bytes() == library.path(name).read_bytes()


@pytest.mark.parametrize("name", RECIPES)
def test_files_carry_cause_recipe_severity_and_provenance(name):
    lut = library.load(name)
    notes = dict(line.split(": ", 1) for line in lut.comments if not line.startswith("step"))
    assert lut.title == name
    assert {"cause", "severity", "reversible", "provenance"} <= set(notes)
    assert "Apache-2.0" in notes["provenance"]
    assert notes["severity"].startswith(f"{severity(lut).mean:.2f} mean")
    steps = [line.split(": ", 1)[1] for line in lut.comments if line.startswith("step")]
    written = [step.split(" ", 1) for step in steps]
    assert [(name, json.loads(parameters)) for name, parameters in written] == [
        (name, json.loads(json.dumps(parameters))) for name, parameters in RECIPES[name].steps
    ]


@pytest.mark.parametrize("name", RECIPES)
def test_every_lut_changes_colours_and_stays_in_range(name):
    table = library.load(name).table
    assert table.min() >= 0 and table.max() <= 1
    assert severity(library.load(name)).mean > 2


def test_warm_lamps_are_warm_and_shade_is_blue():
    for name in ("tungsten", "candle", "sodium-street", "sunset", "office-tubes"):
        assert _lab(name)[0, 2] > 8, name
    for name in ("shade", "blue-hour", "tungsten-preset-outdoors", "underwater-8m"):
        assert _lab(name)[0, 2] < -4, name


def test_green_causes_are_green_and_magenta_ones_magenta():
    for name in ("parking-garage", "clear-mercury", "phone-night-green", "aged-film-projected"):
        assert _lab(name)[0, 1] < -3, name
    for name in ("magenta-shift", "aged-film-red"):
        assert _lab(name)[0, 1] > 5, name


def test_water_takes_red_away_with_depth():
    reds = [
        RECIPES[f"underwater-{metres}m"].apply(np.array([[0.8, 0.1, 0.1]]))[0, 0]
        for metres in (3, 8, 20)
    ]
    assert reds[0] > reds[1] > reds[2]


def test_file_mistakes_keep_greys_grey():
    for name in ("log-as-display", "gamma-mismatch", "video-range", "wrong-primaries"):
        assert np.abs(_lab(name, RAMP)[:, 1:]).max() < 0.1, name


def test_video_levels_undo_each_other():
    narrow = RECIPES["video-range"].apply(RAMP)
    assert np.allclose(RECIPES["video-range-twice"].apply(narrow), RAMP, atol=1e-9)


def test_cineon_codes_are_those_of_kodak():
    """Reference white is code 685 and black 95; two stops below white lie 180 codes lower."""
    parameters = dict(RECIPES["log-as-display"].steps)["log-encode"]
    white, quarter, black = STEPS["log-encode"](
        np.array([1.0, 0.537099, 0.0])[:, None].repeat(3, axis=1), parameters
    )[:, 0]
    assert white * 1023 == pytest.approx(685)
    assert black * 1023 == pytest.approx(95)
    assert quarter * 1023 == pytest.approx(685 - 300 * np.log10(4), abs=5)


def test_faded_dyes_lose_density_in_proportion():
    """Beer's law: half the dye has half the density, from white to a black of 2.4."""
    parameters = {"keep": [0.5, 1.0, 1.0], "stain": [0.0, 0.0, 0.3]}
    density = -np.log10(decode_srgb(STEPS["fade-dyes"](RAMP, parameters)))
    assert density[:, 1].max() == pytest.approx(2.4, abs=0.01)
    assert np.allclose(density[:, 0], 0.5 * density[:, 1])
    assert np.allclose(density[:, 2], density[:, 1] + 0.3)


def test_full_desaturation_leaves_luminance():
    colours = np.array([[0.8, 0.3, 0.1]])
    output = STEPS["desaturate"](colours, {"amount": 1.0})
    assert np.allclose(output, output[:, :1])
    assert np.allclose(luminance(decode_srgb(output)), luminance(decode_srgb(colours)))


def test_an_unknown_name_lists_what_there_is():
    with pytest.raises(library.LibraryError, match=r"no LUT 'tungstn' .* did you mean 'tungsten'"):
        library.load("tungstn")


def test_list_prints_every_lut_with_figures(capsys):
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == library.names()
    row = next(line for line in lines if line.startswith("tungsten ")).split()
    assert float(row[1]) == round(severity(library.load("tungsten")).mean, 1)


def test_list_prints_every_family(capsys):
    from luts.families import FAMILIES

    assert main(["list", "families"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(FAMILIES)


def test_random_writes_the_lut_it_describes(tmp_path, capsys):
    path = tmp_path / "film.cube"
    command = ["random", "film", "--seed", "7", "--severity", "6", "--size", "9"]
    assert main([*command, "--out", str(path)]) == 0
    captured = capsys.readouterr()
    assert captured.out.strip() == str(path)
    assert "mean dE00" in captured.err
    expected = luts.random_lut("film", seed=7, severity=6, size=9)
    assert luts.table_hash(luts.read_cube(path)) == luts.table_hash(expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["random", "glow", "--out", "x.cube"], "no family 'glow'"),
        (["random", "film", "--size", "1", "--out", "x.cube"], "--size 1: a 3D LUT has 2 to"),
        (["random", "film", "--severity", "40", "--out", "x.cube"], "severity 40 is beyond 12"),
        (["random", "file", "--lut", "no.cube", "--out", "x.cube"], "no.cube: No such file"),
        (["severity", "nothing"], "no LUT 'nothing' in the library"),
        (["severity", "no.cube"], "no.cube: No such file"),
    ],
)
def test_mistakes_are_one_line(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_severity_prints_figures_and_verdict(capsys):
    assert main(["severity", "tungsten"]) == 0
    printed = capsys.readouterr().out
    assert "lose a channel to clipping" in printed
    assert main(["severity", "tungsten", "video-range", "--json"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["lut"] for record in records] == ["tungsten", "video-range"]
    assert records[0]["mean"] == pytest.approx(severity(library.load("tungsten")).mean, abs=1e-4)


@pytest.mark.parametrize(
    "source", ["tungsten", "TUNGSTEN", "{folder}/tungsten.cube", "{folder}/LOOK.CUBE"]
)
@pytest.mark.parametrize(
    "verb", ["apply", "info", "lint", "compose", "convert", "invert", "resize", "severity"]
)
def test_every_verb_takes_a_path_or_a_name_in_any_case(verb, source, tmp_path, capsys):
    import shutil

    for name in ("tungsten.cube", "LOOK.CUBE"):
        shutil.copyfile(library.path("tungsten"), tmp_path / name)
    given = [source.format(folder=tmp_path)]
    if verb == "apply":
        given += [str(PHOTO), "-o", str(tmp_path / "graded.png")]
    elif verb not in ("info", "lint", "severity"):
        given += ["-o", str(tmp_path / "out.cube")]
    assert main([verb, *given]) == 0, capsys.readouterr().err


def test_one_bad_file_never_stops_the_rest(tmp_path, capsys):
    bad = tmp_path / "bad.cube"
    bad.write_text("LUT_3D_SIZE 2\nx\n")
    sheet = tmp_path / "sheet.png"
    command = ["preview", str(bad), "fog", "-o", str(sheet), "--dpi", "20"]
    assert main(command) == 1 and sheet.exists()
    assert "bad.cube:1" in capsys.readouterr().err
    for verb in ("info", "severity", "lint"):
        assert main([verb, str(bad), str(tmp_path / "none.cube"), str(tmp_path), "fog"]) == 1
        printed = capsys.readouterr()
        assert "fog" in printed.out
        assert "bad.cube:1" in printed.err + printed.out and "none.cube: No such" in printed.err
