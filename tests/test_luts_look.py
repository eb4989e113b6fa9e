"""Looks: what each kind of layer does, looks as files, and looks wherever a LUT is read."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import luts
from luts.cli import main
from luts.colour.oklab import encoded_to_oklab
from luts.families import FAMILIES, Distortion, illuminant
from luts.look import KINDS, Look, LookError, dump_look, parse_look, read_look, to_severity
from luts.look.interpolate import around, through
from luts.look.look import CURVE_ROWS
from luts.lut import Lut1D, Lut3D, nodes
from luts.measure import severity
from luts.tool.errors import UserError
from tests.looks import SET, layer

GREYS = np.repeat(np.linspace(0, 1, 33)[:, None], 3, axis=1)


def test_every_kind_has_a_setting_here():
    assert list(SET) == list(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_do_something_are_identity_at_strength_0_and_survive_a_file(kind, rng, tmp_path):
    colours = rng.uniform(-0.1, 1.1, (500, 3)) if kind != "lut" else rng.uniform(0, 1, (500, 3))
    look = Look((layer(kind),), name=f"a {kind}")
    assert np.abs(look.exact(colours) - colours).max() > 0.02
    kept = look.exact(colours, 0.0)
    held = np.maximum(colours, 0) if kind == "film" else colours  # a film sees no light below 0
    assert np.abs(kept - held).max() < 1e-9
    assert np.isfinite(look.exact(colours, 4.0)).all()
    assert look.apply(colours).min() >= 0 and look.apply(colours).max() <= 1
    path = tmp_path / "look.toml"
    luts.look.write_look(look, path)
    assert read_look(path) == look
    np.testing.assert_array_equal(read_look(path).exact(colours), look.exact(colours))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("lut", "lamp", "family")])
def test_default_values_change_nothing(kind):
    colours = nodes(5).reshape(-1, 3)
    assert np.abs(Look((layer(kind, {}),)).exact(colours) - colours).max() < 1e-12


@pytest.mark.parametrize("kind", KINDS)
def test_scaling_up_within_the_limit_folds_no_greys(kind):
    look = Look((layer(kind),))
    prepared = look.prepared[0][1]
    most = min(KINDS[kind].limit(prepared), 4.0)
    lightness = encoded_to_oklab(look.exact(GREYS, most))[:, 0]
    assert np.diff(lightness).min() > -1e-6


def test_exposure_and_temperature_are_the_families():
    colours = nodes(5)
    np.testing.assert_array_equal(
        Look((layer("exposure", {"ev": 1.0}),)).exact(colours),
        FAMILIES["exposure"].apply(colours, {"ev": 1.0}, 1.0),
    )
    light = {"mired": illuminant.D65_MIRED + 50, "duv": illuminant.D65_DUV + 0.01}
    np.testing.assert_array_equal(
        Look((layer("temperature", {"shift": 50.0, "tint": 0.01}),)).exact(colours),
        FAMILIES["illuminant"].apply(colours, light, 1.0),
    )


def test_cdl_is_that_of_opencolorio(rng):
    ocio = pytest.importorskip("PyOpenColorIO")
    values = {
        "slope": (1.2, 0.9, 1.0),
        "offset": (-0.05, 0.1, 0.0),
        "power": (0.8, 1.3, 1.0),
        "saturation": 0.7,
    }
    transform = ocio.CDLTransform()
    transform.setSlope(values["slope"])
    transform.setOffset(values["offset"])
    transform.setPower(values["power"])
    transform.setSat(values["saturation"])
    transform.setStyle(ocio.CDL_NO_CLAMP)
    colours = rng.uniform(0, 1, (200, 3)).astype(np.float32)
    theirs = colours.copy()
    processor = ocio.Config.CreateRaw().getProcessor(transform)
    processor.getDefaultCPUProcessor().apply(ocio.PackedImageDesc(theirs, 200, 1, 3))
    ours = Look((layer("cdl", values),)).exact(colours.astype(np.float64))
    np.testing.assert_allclose(ours, theirs, atol=2e-5)


def test_contrast_keeps_its_pivot_and_curves_pass_through_their_points():
    look = Look((layer("contrast"),))
    np.testing.assert_allclose(look.exact(np.full((1, 3), 0.4)), 0.4)
    points = SET["curves"]["master"]
    curve = through(points)
    np.testing.assert_allclose(curve(np.array([x for x, _ in points])), [y for _, y in points])
    assert np.diff(curve(np.linspace(-0.2, 1.2, 300))).min() > 0


def test_curves_are_scipys_pchip(rng):
    from scipy.interpolate import PchipInterpolator

    for count in (2, 3, 5, 9):
        x = np.sort(rng.uniform(0, 1, count))
        y = rng.uniform(0, 1, count)
        at = rng.uniform(x[0], x[-1], 200)
        ours = through(list(zip(x, y, strict=True)))(at)
        np.testing.assert_allclose(ours, PchipInterpolator(x, y)(at), atol=1e-12)


def test_hue_curves_close_round_the_circle():
    curve = around(((29.0, 12.0), (110.0, -8.0), (264.0, 15.0)))
    np.testing.assert_allclose(curve(np.array([29.0, 389.0, -96.0, 264.0])), [12, 12, 15, 15])
    near = curve(np.array([359.999, 360.001]))
    assert abs(near[0] - near[1]) < 1e-3


def test_hue_vs_hue_turns_red_by_what_its_point_says_and_leaves_greys():
    look = Look((layer("hue-vs-hue", {"shift": ((0.0, 10.0),)}),))
    colours = np.array([[0.8, 0.2, 0.2], [0.2, 0.3, 0.7]])
    before, after = encoded_to_oklab(colours), encoded_to_oklab(look.exact(colours))
    turn = np.degrees(np.arctan2(after[:, 2], after[:, 1]) - np.arctan2(before[:, 2], before[:, 1]))
    np.testing.assert_allclose(turn, 10, atol=1e-6)
    np.testing.assert_allclose(look.exact(GREYS), GREYS, atol=1e-6)


def test_film_keeps_mid_grey_without_toe_and_shoulder():
    grey = np.full((1, 3), 0.46135612950044164)  # 18 % of light
    look = Look((layer("film", {"contrast": 1.6, "crossover": 0.2, "dye": 0.3}),))
    # The film's own black moves it by less than its 0.4 % of light.
    np.testing.assert_allclose(look.exact(grey), grey, atol=0.004)


def test_family_layers_are_what_luts_random_draws():
    values = {"family": "film", "seed": 7, "severity": 6.0}
    drawn = luts.random_lut("film", seed=7, severity=6.0)
    baked = Look((layer("family", values),)).bake()
    assert luts.table_hash(baked) == luts.table_hash(drawn)


def test_order_amount_strength_and_switch():
    one, two = layer("exposure"), layer("fade")
    colours = nodes(5)
    ahead, behind = Look((one, two)), Look((two, one))
    assert np.abs(ahead.exact(colours) - behind.exact(colours)).max() > 0.01
    half = Look((replace(one, strength=0.5), replace(two, strength=0.5)))
    np.testing.assert_array_equal(half.exact(colours), ahead.exact(colours, 0.5))
    off = Look((one, replace(two, on=False)))
    np.testing.assert_array_equal(off.exact(colours), Look((one,)).exact(colours))
    tungsten = Look((layer("lut"),))
    np.testing.assert_array_equal(tungsten.exact(colours, 4.0), tungsten.exact(colours, 1.0))


def test_to_severity_meets_its_target_and_says_what_it_cannot_reach():
    look = Look((layer("exposure"), layer("split-tone"), layer("curves")))
    for target in (2.0, 8.0):
        assert severity(to_severity(look, target).bake()).mean == pytest.approx(target, rel=0.01)
    with pytest.raises(UserError, match="does not reach severity 40: at most"):
        to_severity(Look((layer("lut"),)), 40.0)
    with pytest.raises(UserError, match="does not reach"):
        to_severity(Look(()), 4.0)
    with pytest.raises(UserError, match="positive"):
        to_severity(look, -1.0)


def test_curves_are_exact_where_channels_stay_apart():
    look = Look((layer("exposure"), layer("curves"), layer("fade"), layer("contrast")))
    lut = look.bake_curves()
    assert isinstance(lut, Lut1D) and lut.size == CURVE_ROWS
    colours = nodes(9)
    np.testing.assert_allclose(
        luts.apply(lut, colours, engine="numpy"), look.apply(colours), atol=2e-4
    )
    with pytest.raises(UserError, match=r"layer 2 \(split-tone\) mixes channels"):
        Look((layer("exposure"), layer("split-tone"))).bake_curves()


GOOD = 'look = 1\n[[layer]]\nkind = "exposure"\nev = 1.0\n'
BAD = {
    "not TOML": ("look = ", "not TOML"),
    "a recipe": ('name = "x"', "not a look"),
    "newer": ("look = 2", "this program reads look = 1"),
    "true": ("look = true", "this program reads look = 1"),
    "stray key": ("look = 1\nnmae = 'x'", "unknown key 'nmae'; did you mean 'name'"),
    "amount": ("look = 1\namount = 5", "amount is 0 to 4, got 5"),
    "nan": ("look = 1\namount = nan", "amount is 0 to 4, got nan"),
    "one layer table": ("look = 1\n[layer]\nkind = 'fade'", r"\[\[layer\]\] tables"),
    "kind": ("look = 1\n[[layer]]\nkind = 'exposur'", "layer 1: no kind 'exposur'; did you mean"),
    "no kind": ("look = 1\n[[layer]]\nev = 1", "layer 1: no kind None"),
    "key": (GOOD + "evs = 2", r"layer 1 \(exposure\): unknown key 'evs'; did you mean 'ev'"),
    "range": (GOOD.replace("1.0", "7.0"), r"layer 1 \(exposure\): ev is -6 to 6, got 7"),
    "word": (GOOD.replace("1.0", "'x'"), "ev is a number, got 'x'"),
    "switch": (GOOD + "on = 1", "on is true or false"),
    "strength": (GOOD + "strength = 2", "strength is 0 to 1"),
    "vector": ("look = 1\n[[layer]]\nkind='fade'\nblack=[0.1]", "black is 3 numbers"),
    "points": ("look = 1\n[[layer]]\nkind='curves'\nred=[[0.5,0],[0.2,1]]", "left to right"),
    "points out": ("look = 1\n[[layer]]\nkind='curves'\nred=[[0.5,2]]", "red is 0 to 1, got 2"),
    "no points": ("look = 1\n[[layer]]\nkind='curves'\nred=[]", "at least one"),
    "seam": (
        "look = 1\n[[layer]]\nkind='hue-vs-hue'\nshift=[[0,1],[360,2]]",
        "meets itself at 0 and 360",
    ),
    "choice": ("look = 1\n[[layer]]\nkind='family'\nfamily='films'", "family is one of exposure"),
    "whole": ("look = 1\n[[layer]]\nkind='family'\nseed=1.5", "seed is a whole number"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_looks_are_refused_by_name(case):
    text, message = BAD[case]
    with pytest.raises(LookError, match=message) as refusal:
        parse_look(text.encode(), "my.toml")
    assert str(refusal.value).startswith("my.toml: ") and "\n" not in str(refusal.value)


def test_looks_hold_imported_cubes_and_find_files_beside_them(tmp_path):
    cube = tmp_path / "it's.cube"
    luts.write_cube(luts.load("tungsten"), cube)
    inside = Look((layer("lut", {"lut": "mine", "cube": cube.read_text()}),))
    again = parse_look(dump_look(inside).encode(), "x")
    assert again == inside
    folder = tmp_path / "looks"
    folder.mkdir()
    (folder / "a.toml").write_text('look = 1\n[[layer]]\nkind = "lut"\nlut = "../it\'s.cube"\n')
    for look in (again, read_look(folder / "a.toml")):
        assert luts.table_hash(look.bake(17)) == luts.table_hash(luts.load("tungsten"))
    (folder / "b.toml").write_text('look = 1\n[[layer]]\nkind = "lut"\nlut = "gone.cube"\n')
    with pytest.raises(LookError, match=r"b\.toml: layer 1 \(lut\): .*gone\.cube: No such file"):
        luts.load(folder / "b.toml")
    (folder / "c.toml").write_text('look = 1\n[[layer]]\nkind = "lut"\nlut = "a.toml"\n')
    with pytest.raises(LookError, match="cannot hold another"):
        luts.load(folder / "c.toml")
    (folder / "d.toml").write_text('look = 1\n[[layer]]\nkind = "family"\nversion = 9\n')
    with pytest.raises(LookError, match="drawn by version 9 of the families"):
        luts.load(folder / "d.toml")


def test_luts_bake_and_every_reader_of_luts(tmp_path, capsys):
    path, cube = tmp_path / "look.toml", tmp_path / "look.cube"
    look = Look((layer("temperature"), layer("fade")), name="warm")
    path.write_text(dump_look(look))
    assert main(["bake", str(path), "-o", str(cube)]) == 0
    assert "mean dE00" in capsys.readouterr().err
    lut = luts.read_cube(cube)
    np.testing.assert_allclose(lut.table, look.bake().table, atol=1e-6)
    assert luts.table_hash(luts.load(path)) == luts.table_hash(lut)
    with pytest.raises(luts.LutFormatError, match=r"look\.toml: a look, not a .cube file"):
        luts.read_cube(path)
    assert main(["info", str(path)]) == 0
    assert "cube of 33" in capsys.readouterr().out
    assert main(["lint", str(path)]) == 2
    assert "look.toml: a look; lint the .cube" in capsys.readouterr().err
    assert main(["bake", str(path), "-o", str(cube), "--severity", "4", "--size", "17"]) == 0
    assert luts.read_cube(cube).size == 17
    drawn = luts.random_lut("file", seed=0, source=str(path), severity=3.0)
    assert severity(drawn).mean == pytest.approx(3, rel=0.01)
    assert main(["bake", str(path), "-o", str(cube), "--curves"]) == 2
    assert "look.toml: layer 1 (temperature) mixes channels" in capsys.readouterr().err


def test_recipes_take_looks_and_rows_record_them(tmp_path):
    from datagen.build.driver import Resources, build
    from datagen.recipe.load import load_recipe

    look = Look((layer("split-tone"), layer("lut", strength=0.5)), name="mine")
    (tmp_path / "mine.toml").write_text(dump_look(look))
    changes = [
        "render.evs=[0.0]",
        "render.long_edge=48",
        "source.limit=2",
        f'distort=[{{files=["{tmp_path / "mine.toml"}"], shared=true}}]',
    ]
    build(load_recipe("demo", changes), tmp_path / "data", Resources("serial", 1))
    rows = [
        json.loads(line) for line in (tmp_path / "data/manifest.jsonl").read_text().splitlines()
    ]
    told = [row for row in rows if row.get("distortion")]
    assert told
    text = json.dumps(told[0])
    assert '"mine.toml"' in text and '"split-tone"' in text and '"table_hash"' in text
    stored = luts.read_cube(next((tmp_path / "data/luts").glob("*.cube")))
    assert isinstance(stored, Lut3D)
    np.testing.assert_allclose(luts.resize(look.bake(), stored.size).table, stored.table, atol=2e-6)


def test_members_are_recorded_by_seed():
    record = Look((layer("family"),)).record()
    assert json.loads(json.dumps(record))["layers"][0]["seed"] == 7
    assert isinstance(Look((layer("family"),)).prepared[0][1].member, Distortion)
