"""Recipes: strict, with messages that name the place."""

from __future__ import annotations

import dataclasses
import random

import pytest

from datagen.recipe.load import (
    RecipeError,
    load_recipe,
    parse_recipe,
    shipped_recipes,
    with_new_settings,
)
from datagen.regions.shapes import SHAPES

SMALLEST = {"name": "a", "source": {"folder": "here"}}


def test_a_recipe_needs_only_a_name_and_a_folder():
    recipe = parse_recipe(SMALLEST, where="a.toml")
    assert recipe.render.evs == (-1.5, -1.0, 0.0, 1.0, 1.5)
    assert recipe.render.longest(ready=False) == 512


@pytest.mark.parametrize("name", shipped_recipes())
def test_every_shipped_recipe_can_be_read_and_is_called_what_its_file_is(name):
    assert load_recipe(name).name == name


@pytest.mark.parametrize("kind", SHAPES)
def test_every_kind_of_mask_can_stand_in_a_recipe(kind):
    recipe = parse_recipe({**SMALLEST, "mask": [{"kind": kind, "share": 2}]}, where="a.toml")
    assert isinstance(recipe.mask[0].shape, SHAPES[kind])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nmae": "b"}, r"a.toml: unknown key 'nmae'; did you mean 'name'\?"),
        ({"render": {"ev": [0]}}, r"a.toml: \[render\]: unknown key 'ev'; did you mean 'evs'"),
        ({"render": {"evs": []}}, r"\[render\] evs: must list one or more"),
        ({"render": {"evs": [1, 1]}}, r"evs: .*each once"),
        ({"render": {"evs": [99]}}, "within -10 to 10"),
        ({"render": {"evs": 1}}, "evs: must be a list, got 1"),
        ({"render": {"evs": [float("nan")]}}, "must be finite"),
        ({"render": {"long_edge": 2.5}}, "long_edge: must be a whole number, got 2.5"),
        ({"render": {"long_edge": True}}, "long_edge: must be a whole number, got True"),
        ({"render": {"highlights": "ble"}}, "must be one of clip, blend, rebuild; got 'ble'"),
        ({"render": {"undistorted": False}}, r"undistorted: is false without any \[\[distort\]\]"),
        ({"render": 3}, r"\[render\]: must be a table, got 3"),
        ({"source": {}}, r"\[source\]: folder is missing"),
        ({"source": {"folder": ""}}, "must name a folder"),
        ({"source": {"folder": "a", "references": ["auto", "auto"]}}, "must name each once"),
        ({"distort": [{}]}, r"\[\[distort\]\] 1 families: name some"),
        ({"distort": {"families": ["tone"]}}, r"\[\[distort\]\]: must be written with double"),
        ({"distort": [{"files": ["a"], "severity": [5, 2]}]}, "0 < low <= high"),
        ({"distort": [{"files": ["a"], "severity": [5]}]}, "must be a list of 2, got 1"),
        ({"distort": [{"files": ["a"], "count": 0}]}, "count: must be 1 to 1000"),
        ({"mask": [{"kind": "circel"}]}, r"\[\[mask\]\] 1 kind: .* did you mean 'circle'"),
        ({"mask": [{"kind": "circle", "radius": 0}]}, r"\[\[mask\]\] 1 radius: must be above 0"),
        ({"mask": [{"kind": "circle", "band": [1.3, 1.2]}]}, "1 <= lowest <= highest"),
        ({"mask": [{"kind": "circle", "share": 0}]}, "share: must be a number above 0"),
        ({"split": {"train": 0.5}}, "must add up to 1, got 0.7"),
        ({"split": {"by": "order", "train": 0.5}}, "whole numbers of scenes"),
        ({"output": {"bits": 12}}, "bits: must be one of 8, 16; got 12"),
        ({"name": "../up"}, "name: must be up to 64 letters"),
        ({"seed": -1}, "seed: must be a whole number from 0"),
    ],
)
def test_a_mistake_is_named_with_its_place(change, message):
    with pytest.raises(ValueError, match=message) as caught:
        parse_recipe({**SMALLEST, **change}, where="a.toml")
    assert str(caught.value).startswith("a.toml: ") and "\n" not in str(caught.value)


def test_settings_of_the_command_line_come_before_the_checks(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text('name = "a"\n')
    recipe = load_recipe(path, ["source.folder=there", "render.evs=[0]", "seed=7"])
    assert (recipe.source.folder, recipe.render.evs, recipe.seed) == ("there", (0.0,), 7)
    for bad in ("seed", "=1", "a..b=1"):
        with pytest.raises(RecipeError, match="must look like"):
            load_recipe(path, [bad])


def test_only_what_decides_pixels_makes_a_recipe_another():
    one = parse_recipe(SMALLEST, where="a.toml")
    moved = parse_recipe({**SMALLEST, "source": {"folder": "there"}}, where="b.toml")
    brighter = dataclasses.replace(one, render=dataclasses.replace(one.render, evs=(2.0,)))
    assert one.resolved() == moved.resolved() != brighter.resolved()


def test_a_recipe_of_an_earlier_version_is_the_same_where_nothing_new_is_set():
    for name in shipped_recipes():
        resolved = load_recipe(name).resolved()
        older = {**resolved, "source": {**resolved["source"]}}
        del older["source"]["near_duplicates"]
        assert with_new_settings(older) == resolved


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("dmo", "no recipe of that name; did you mean 'demo'"),
        ("nowhere/a.toml", "no such recipe file"),
    ],
)
def test_a_recipe_that_is_not_there_is_one_line(name, message):
    with pytest.raises(RecipeError, match=message):
        load_recipe(name)


def test_any_bytes_give_a_recipe_or_one_line(tmp_path):
    """Fuzz: cut, flip and splice the shipped recipes; nothing but RecipeError may come out."""
    rng = random.Random(5)
    texts = [path.read_bytes() for path in shipped_recipes().values()]
    path = tmp_path / "fuzz.toml"
    refused = 0
    for _ in range(600):
        data = bytearray(rng.choice(texts))
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(data))
            match rng.randrange(3):
                case 0:
                    data[at] = rng.randrange(256)
                case 1:
                    del data[at : at + rng.randint(1, 40)]
                case 2:
                    other = rng.choice(texts)
                    start = rng.randrange(len(other))
                    data[at:at] = other[start : start + rng.randint(1, 40)]
        path.write_bytes(bytes(data))
        try:
            load_recipe(path)
        except RecipeError as error:
            refused += 1
            assert "\n" not in str(error) and str(error).startswith(str(path))
    assert refused > 100
