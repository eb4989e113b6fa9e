"""Exposure series as scenes: grouped, checked against each other, merged; with known truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from datagen.build.driver import Resources, build
from datagen.camera.dng import write_dng
from datagen.camera.index import INDEX, read_index, write_index
from datagen.camera.metering import automatic_exposure
from datagen.camera.sensors import SENSORS
from datagen.camera.shooting import Shoot, View, shoot_view
from datagen.camera.simulate import Exposure, bracket, photograph
from datagen.cli import main
from datagen.dataset.read import load_pair, open_dataset
from datagen.dataset.rows import Lost, Sample
from datagen.dataset.verify import verify
from datagen.develop.bracket import Shot, agreeing, compare, merge
from datagen.images.files import write_image
from datagen.recipe.load import RecipeError, load_recipe
from datagen.references.fusion import fusion
from datagen.references.light_file import read_light
from datagen.sources import read_source
from datagen.sources.exif import read_capture
from luts.colour.transfer import decode_srgb

SERIAL = Resources(engine="serial")
EVS = (-3.0, -1.0, 1.0, 2.0)
TOML = """
name = "series"
[source]
folder = "{folder}"
{source}
[render]
long_edge = 96
"""


def room(seed: int = 0) -> np.ndarray:
    """(128, 192, 3): a patched room with a window 64 times as bright, no light beyond."""
    rng = np.random.default_rng(seed)
    light = rng.uniform(0.2, 1, (16, 24, 1)).repeat(8, 0).repeat(8, 1) * np.array([1.0, 0.9, 0.8])
    light[30:70, 60:120] *= 64
    return light.astype(np.float32)


def series(folder, evs=EVS, moved=None):
    """A simulated bracket in a folder; `moved` maps an EV to what its scene became."""
    view = View("room", "room", "reflex-14bit", 0.0, None)
    shoot = Shoot(long_edge=192, evs=evs)
    rows = shoot_view(room(), view, folder, shoot)
    write_index(folder / INDEX, rows)
    for row in rows:
        if moved and float(row.ev) in moved:
            sensor = SENSORS["reflex-14bit"]
            exposure = automatic_exposure(room(), sensor).shifted(float(row.ev))
            scene = moved[float(row.ev)](room())
            mosaic = photograph(scene, sensor, exposure, np.random.default_rng(5))
            write_dng(folder / row.path, mosaic, sensor, exposure)
    if moved:
        write_index(folder / INDEX, [replace(row, sha256="", light="") for row in rows])
    return rows


def built(tmp_path, source=""):
    path = tmp_path / "series.toml"
    path.write_text(TOML.format(folder=tmp_path / "in", source=source))
    build(load_recipe(path), tmp_path / "out", SERIAL)
    return open_dataset(tmp_path / "out")


def test_four_raws_become_one_scene_with_four_real_inputs(tmp_path):
    series(tmp_path / "in")
    dataset = built(tmp_path)
    assert [row.id for row in dataset.rows] == [
        "room/ev+1", "room/ev+2", "room/ev-1", "room/ev-3"
    ]  # fmt: skip
    assert {row.develop.kind for row in dataset.rows} == {"bracket"}
    assert dataset.rows[0].facts["bracket"] == {f"room_ev{ev:+g}.dng": ev for ev in EVS}
    pairs = {row.ev: load_pair(dataset, row) for row in dataset.rows}
    wall = np.s_[10:14, 60:90]
    for ev in EVS[1:]:  # exposures are real ones, apart by their EVs
        ratio = (
            decode_srgb(pairs[ev].degraded[wall]).mean()
            / decode_srgb(pairs[-3.0].degraded[wall]).mean()
        )
        if pairs[ev].degraded[wall].max() < 0.98:
            assert np.log2(ratio) == pytest.approx(ev + 3, abs=0.1)
    assert verify(tmp_path / "out").problems == []


def test_the_merged_light_is_the_true_light(tmp_path):
    """Without the file of light beside them, the shots alone give the reference."""
    rows = series(tmp_path / "in")
    write_index(tmp_path / "in" / INDEX, [replace(row, light="") for row in rows])
    dataset = built(tmp_path)
    assert dataset.rows[0].facts["references_made"] == {"fusion": {"light": "bracket"}}
    light = read_light(tmp_path / "in" / rows[0].light)
    true = fusion(light.reshape(64, 2, 96, 2, 3).mean((1, 3)))
    error = load_pair(dataset, dataset.rows[0]).reference - true
    assert np.median(np.abs(error)) < 0.012  # the mosaic blurs the edges between the patches
    assert abs(error.mean()) < 0.005


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        (lambda scene: np.roll(scene, 6, axis=1), "misaligned", r"is shifted by \+\d.\d\d, [+-]"),
        (lambda scene: np.where(np.indices(scene.shape)[1] > 160, scene[::-1] * 0.4, scene),
         "moved", r"shows something else in \d+.\d% of the picture"),
        (lambda scene: scene * np.float32(1.5), "other_exposure", r"is \+2.5\d EV away and not"),
    ],
)  # fmt: skip
def test_a_shot_that_does_not_agree_is_refused_with_the_amount(tmp_path, change, status, reason):
    series(tmp_path / "in", moved={1.0: change})
    dataset = built(tmp_path)
    (lost,) = (row for row in dataset.rows if isinstance(row, Lost))
    assert (lost.id, lost.status) == ("room/ev+1", status)
    assert lost.reason.startswith("room_ev+1.dng: ") and " against room_ev" in lost.reason
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(lost.reason)
    assert sorted(row.ev for row in dataset.rows if isinstance(row, Sample)) == [-3.0, -1.0, 2.0]


def test_a_bracket_of_which_no_two_agree_is_lost_whole(tmp_path):
    series(tmp_path / "in", evs=(-1.0, 1.0), moved={1.0: lambda scene: np.roll(scene, 9, axis=0)})
    rows = built(tmp_path).rows
    assert [type(row) for row in rows] == [Lost, Lost]
    assert rows[0].reason.startswith("no two shots of the bracket agree: room_ev+1.dng: is shifted")


def test_merging_takes_the_light_that_is_not_cut_off():
    light = np.float32([0.01, 0.1, 0.5, 2.0, 8.0, 100.0]).reshape(1, -1, 1) * np.ones(3, np.float32)
    gains = {-3.0: 0.125, 0.0: 1.0, 2.0: 4.0}
    shots = [Shot("", ev, np.minimum(light * np.float32(gain), 1)) for ev, gain in gains.items()]
    np.testing.assert_allclose(merge(shots)[0, :4, 0], light[0, :4, 0], rtol=1e-6)
    assert merge(shots)[0, 4:, 0].tolist() == [8.0, 8.0]  # cut off in the darkest shot too


def test_merging_lowers_the_noise():
    sensor, light = SENSORS["compact-10bit"], np.full((64, 64, 3), 0.02, np.float32)
    rng = np.random.default_rng(0)
    shots = []
    for exposure, mosaic in bracket(light, sensor, Exposure(1 / 60), evs=(0, 2, 4), rng=rng):
        values = (mosaic - 32.0) / (1015 - 32)
        ev = float(np.log2(exposure.time_s * 60))
        shots.append(Shot("", ev, np.repeat(values[..., None], 3, 2).astype(np.float32)))
    green = np.s_[0::2, 1::2]
    assert merge(shots)[green].std() < 0.35 * shots[0].linear[green].std()


def test_shots_of_other_sizes_or_without_common_light_do_not_agree():
    light = room()
    one, small = Shot("a", 0.0, light), Shot("b", 0.0, light[:64])
    assert compare(one, small)[0] == "misaligned"
    dark = [Shot("a", 0.0, light * 0 + 1), Shot("b", 1.0, light * 0 + 1)]
    kept, lost = agreeing(dark)
    assert len(kept) == 1 and lost[1.0][1] == "b: shares no light with the other shots"


def tagged(folder, name, taken, time_s):
    sensor = SENSORS["compact-10bit"]
    exposure = Exposure(time_s)
    write_dng(folder / name, photograph(room(), sensor, exposure), sensor, exposure, taken=taken)


def test_series_are_told_by_time_and_exposure(tmp_path):
    """Two series of three and a single shot, by one camera, one after the other."""
    (tmp_path / "in").mkdir()
    shots = [("00:00", 4), ("00:01", 1), ("00:02", 16), ("00:05", 4), ("00:06", 1), ("00:07", 16)]
    for number, (taken, time) in enumerate([*shots, ("09:00", 1)]):
        tagged(tmp_path / "in", f"s{number}.dng", f"2026:05:01 12:{taken}", time / 1000)
    path = tmp_path / "series.toml"
    path.write_text(TOML.format(folder=tmp_path / "in", source="brackets = true"))
    first, second, alone = read_source(load_recipe(path).source)
    assert first.inputs == ((-2.0, "s1.dng"), (0.0, "s0.dng"), (2.0, "s2.dng"))
    assert second.inputs == ((-2.0, "s4.dng"), (0.0, "s3.dng"), (2.0, "s5.dng"))
    assert (alone.path, alone.inputs) == ("s6.dng", ())
    path.write_text(TOML.format(folder=tmp_path / "in", source=""))
    assert len(read_source(load_recipe(path).source)) == 7  # unless the recipe says so


def test_the_tags_of_a_jpeg(tmp_path):
    exif = Image.Exif()
    exif[272] = "Some Camera"
    exif.get_ifd(34665).update({36867: "2026:01:02 03:04:05", 33434: 0.5, 34855: 200, 33437: 2.0})
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg", exif=exif)
    capture = read_capture(tmp_path / "a.jpg")
    assert capture.camera == "Some Camera" and capture.taken.hour == 3
    assert capture.exposure == pytest.approx(0.5 * 2 / 4)
    write_image(tmp_path / "b.png", np.zeros((4, 4, 3), np.uint8))
    assert read_capture(tmp_path / "b.png").exposure is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ev": ""}, "needs its EV in column ev"),
        ({"ev": "dark"}, "ev: must be stops from -20 to 20, got 'dark'"),
        ({"ev": "-1"}, r"both have -1 EV"),
    ],
)
def test_an_index_without_the_exposures_is_refused(tmp_path, change, message):
    rows = series(tmp_path / "in")
    changed = [replace(row, **change) if row.ev == "1" else row for row in rows]
    write_index(tmp_path / "in" / INDEX, changed)
    with pytest.raises(RecipeError, match=message):
        built(tmp_path)


def test_simulate_writes_brackets(tmp_path):
    write_image(tmp_path / "room.png", np.uint8(np.clip(room() * 255, 0, 255)))
    arguments = ["simulate", str(tmp_path / "room.png"), "-o", str(tmp_path / "in")]
    assert main([*arguments, "--long-edge", "96", "--evs", "-2", "0", "1"]) == 0
    rows = read_index(tmp_path / "in" / INDEX)
    assert {row.bracket for row in rows} == {"room_v00"}
    samples = [row for row in built(tmp_path).rows if isinstance(row, Sample)]
    assert [row.ev for row in samples] == [0.0, 1.0, -2.0]
