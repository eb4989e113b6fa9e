"""References by name: what each is made from, which a scene gets, how a recipe asks for them."""

from __future__ import annotations

import numpy as np
import pytest

from datagen.build.driver import Resources, build
from datagen.camera.index import INDEX, write_index
from datagen.camera.shooting import Shoot, View, frame, shoot_view
from datagen.dataset.read import load_pair, open_dataset
from datagen.images.codes import quantise, to_float
from datagen.images.files import read_image, write_image
from datagen.recipe.load import RecipeError, load_recipe
from datagen.references import REFERENCES, leading, make, wanted_of
from datagen.references.fusion import fusion
from datagen.references.light_file import LightError, light_codes, read_light, write_light
from datagen.references.material import Material
from datagen.sources import read_source

SERIAL = Resources(engine="serial")
TOML = """
name = "tiny"
[source]
folder = "{folder}"
{source}
[render]
evs = [0]
long_edge = 48
"""


def scene_light(seed: int = 0) -> np.ndarray:
    """(64, 96, 3): a shaded wall with a bright door, as noise-free light."""
    rng = np.random.default_rng(seed)
    light = 0.02 * (1 + rng.random((8, 12, 3))).repeat(8, 0).repeat(8, 1)
    light[16:48, 40:60] *= 40
    return light.astype(np.float32)


def recipe_for(folder, source=""):
    path = folder / "tiny.toml"
    path.write_text(TOML.format(folder=folder / "in", source=source))
    return load_recipe(path)


def built(folder, source=""):
    build(recipe_for(folder, source), folder / "out", SERIAL)
    return open_dataset(folder / "out")


def simulated(folder, **changes):
    """One simulated raw of 96 x 64 with its index; returns its rows."""
    shoot = Shoot(long_edge=96, metering_sd=0.0, **changes)
    view = View("room", "room", "compact-10bit", 0.0, None)
    rows = shoot_view(frame(scene_light(), view, shoot), view, folder / "in", shoot)
    write_index(folder / "in" / INDEX, rows)
    return rows


@pytest.mark.parametrize("name", REFERENCES)
def test_every_reference_is_a_picture_or_says_there_is_none(name):
    for bits, dtype in ((8, np.uint8), (16, np.uint16)):
        made = make(name, Material(scene_light(), bits))
        if name == "camera":
            assert made is None
            made = make(name, Material(scene_light(), bits, camera=lambda: scene_light()))
        assert (made.codes.shape, made.codes.dtype) == ((64, 96, 3), dtype)


def test_fusion_takes_the_true_light_of_a_simulated_scene(tmp_path):
    """Its noise and clipping are not in the reference, which the raw's own light would bring in."""
    (row,) = simulated(tmp_path)
    dataset = built(tmp_path)
    (sample,) = dataset.rows
    assert list(sample.references) == ["fusion"]
    assert sample.facts["references_made"] == {"fusion": {"light": "scene"}}
    assert "light/room.png" in sample.source.others
    light = read_light(tmp_path / "in" / row.light)
    light = light.reshape(32, 2, 48, 2, 3).mean((1, 3))
    shown = to_float(read_image(tmp_path / "out" / sample.references["fusion"]))
    np.testing.assert_allclose(shown, fusion(light), atol=1.1 / 255)


def test_light_coarser_than_the_picture_is_not_taken(tmp_path):
    simulated(tmp_path, light_edge=24)
    (sample,) = built(tmp_path).rows
    assert sample.facts["references_made"] == {"fusion": {"light": "developed"}}


def test_several_references_stand_side_by_side(tmp_path):
    simulated(tmp_path)
    dataset = built(tmp_path, 'references = ["auto", "fusion", "camera"]')
    (sample,) = dataset.rows
    assert sorted(sample.references) == ["auto", "fusion"]  # this raw has no camera's picture
    assert sample.facts["references_made"]["auto"].keys() == {"ev"}
    pair = load_pair(dataset, sample)
    np.testing.assert_array_equal(pair.reference, load_pair(dataset, sample, "fusion").reference)


def test_the_jpeg_beside_a_raw_is_the_cameras_picture(tmp_path):
    simulated(tmp_path)
    picture = quantise(np.clip(scene_light() * 3, 0, 1) ** 0.5)
    write_image(tmp_path / "in" / "room.jpg.png", picture)
    (tmp_path / "in" / "room.jpg.png").rename(tmp_path / "in" / "room.JPG")
    dataset = built(tmp_path, 'references = ["embedded"]')
    (sample,) = dataset.rows
    assert list(sample.references) == ["camera"]
    assert "room.JPG" in sample.source.others
    shown = load_pair(dataset, sample).reference
    expected = to_float(picture).reshape(32, 2, 48, 2, 3).mean((1, 3))
    assert np.abs(shown - expected).max() < 0.02


def test_a_camera_picture_of_another_shape_is_refused_by_name(tmp_path):
    simulated(tmp_path)
    write_image(tmp_path / "in" / "room.png", quantise(scene_light()[:, :50]))
    (tmp_path / "in" / "room.png").rename(tmp_path / "in" / "room.jpg")
    (lost,) = built(tmp_path, 'references = ["camera"]').rows
    assert (lost.status, lost.reason[:9]) == ("misaligned", "room.jpg:")


def test_experts_come_first_and_fusion_where_there_is_none(tmp_path):
    for name in ("one", "two"):
        write_image(tmp_path / "in" / f"{name}.png", quantise(scene_light()))
    write_image(tmp_path / "in/references/c/one.png", quantise(scene_light()))
    rows = {row.scene: row for row in built(tmp_path).rows}
    assert list(rows["one"].references) == ["c"]
    assert list(rows["two"].references) == ["fusion"]


def test_names_of_references_cannot_be_taken(tmp_path):
    write_image(tmp_path / "in" / "one.png", quantise(scene_light()))
    write_image(tmp_path / "in/references/fusion/one.png", quantise(scene_light()))
    with pytest.raises(RecipeError, match="references/fusion: that name is one of fusion, auto"):
        read_source(recipe_for(tmp_path).source)


def test_a_misspelt_reference_is_told(tmp_path):
    write_image(tmp_path / "in" / "one.png", quantise(scene_light()))
    with pytest.raises(RecipeError, match="reference 'fuson'; did you mean 'fusion'"):
        read_source(recipe_for(tmp_path, 'references = ["fuson"]').source)


def test_which_is_wanted_and_which_leads():
    assert wanted_of(["fusion", "all"], ["b", "a"]) == ["fusion", "b", "a"]
    assert wanted_of(["fusion", "all"], []) == ["fusion"]
    assert leading(["camera", "auto"]) == "auto"


def test_light_survives_its_file(tmp_path):
    rng = np.random.default_rng(0)
    light = np.float32(2.0 ** rng.uniform(-40, 30, (9, 7, 3)))
    light[0, 0], light[0, 1] = 0, -1
    write_light(tmp_path / "light.png", light)
    back = read_light(tmp_path / "light.png")
    np.testing.assert_allclose(back[1:], light[1:], rtol=2 ** (1 / 512) - 1 + 1e-6)
    assert (back[0, :2] == 0).all()
    np.testing.assert_array_equal(light_codes(back), light_codes(light))


def test_a_file_that_holds_no_light_is_refused(tmp_path):
    write_image(tmp_path / "photo.png", np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(LightError, match=r"photo\.png: a file of light is a 16-bit RGB PNG"):
        read_light(tmp_path / "photo.png")
    simulated(tmp_path)
    write_image(tmp_path / "in/light/room.png", np.zeros((64, 96, 3), np.uint8))
    (lost,) = built(tmp_path).rows
    assert (lost.status, lost.reason[:15]) == ("corrupt", "light/room.png:")
