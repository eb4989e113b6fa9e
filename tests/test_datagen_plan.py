"""Plans: pure, ordered, and no group crosses a split."""

from __future__ import annotations

from collections import Counter

import pytest

from datagen.build import plan
from datagen.recipe.load import RecipeError, parse_recipe
from datagen.recipe.settings import Split
from datagen.sources.scene import Scene


def scenes(count: int, groups: int | None = None) -> list[Scene]:
    return [
        Scene(f"s{i:04}", f"s{i:04}.dng", group=f"g{i % groups}" if groups else f"s{i:04}")
        for i in range(count)
    ]


def recipe(**tables):
    return parse_recipe({"name": "a", "source": {"folder": "x"}, **tables}, where="a.toml")


def test_samples_are_evs_times_distortions_with_ids_of_their_own():
    made = recipe(
        render={"evs": [-1, 0.5]},
        distort=[{"families": ["tone"], "count": 2}, {"families": ["warp"]}],
    )
    listed = list(plan.samples(made, scenes(1)[0]))
    assert len(listed) == plan.samples_per_scene(made, scenes(1)[0]) == 2 * (1 + 3)
    assert len({sample.id for sample in listed}) == len(listed)
    assert [sample.id for sample in listed[:2]] == ["s0000/ev-1", "s0000/ev-1_lut1"]
    assert [sample.block for sample in listed[:4]] == [None, 0, 0, 1]


def test_a_block_can_be_kept_to_some_exposures():
    made = recipe(
        render={"evs": [-1, 0, 1]},
        distort=[{"families": ["tone"], "evs": [-1, 1]}, {"families": ["warp"]}],
    )
    listed = list(plan.samples(made, scenes(1)[0]))
    assert [sample.ev for sample in listed if sample.block == 0] == [-1, 1]
    assert len(listed) == plan.samples_per_scene(made, scenes(1)[0]) == 3 + 2 + 3


@pytest.mark.parametrize(
    ("inputs", "known"), [((), r"-1, \+1"), (((0.0, "a_0.jpg"), (None, "b.jpg")), r"\+0")]
)
def test_a_block_that_waits_for_an_exposure_no_input_has_is_refused(inputs, known):
    made = recipe(
        render={"evs": [-1, 1]},
        distort=[{"families": ["tone"]}, {"families": ["tone"], "evs": [0.5]}],
    )
    scene = Scene("s", "" if inputs else "s.dng", inputs=inputs, group="s")
    with pytest.raises(
        RecipeError,
        match=rf"a\.toml: \[\[distort\]\] 2 evs: no input has \+0\.5 EV; known: {known}$",
    ):
        plan.jobs(made, [scene])


def test_ready_inputs_keep_their_exposures():
    scene = Scene("s", inputs=((-1.5, "a_N1.5.jpg"), (None, "b.jpg")))
    assert [sample.id for sample in plan.samples(recipe(), scene)] == ["s/ev-1.5", "s/input"]


def test_a_hashed_split_has_the_asked_shares_and_ignores_the_other_scenes():
    split = Split("hash", 0.8, 0.1, 0.1)
    many = scenes(5000)
    names = plan.assign_splits(split, many, seed=0)
    shares = Counter(names)
    # Four standard deviations of a binomial draw.
    for name, share in (("train", 0.8), ("val", 0.1), ("test", 0.1)):
        assert abs(shares[name] / 5000 - share) < 4 * (share * (1 - share) / 5000) ** 0.5
    assert plan.assign_splits(split, many[::-7], seed=0) == names[::-7]
    assert plan.assign_splits(split, many, seed=1) != names


def test_a_group_stays_together():
    many = scenes(300, groups=40)
    names = plan.assign_splits(Split("hash", 0.5, 0.0, 0.5), many, seed=3)
    by_group = {}
    for scene, name in zip(many, names, strict=True):
        by_group.setdefault(scene.group, set()).add(name)
    assert all(len(found) == 1 for found in by_group.values())
    assert set(names) == {"train", "test"}


def test_an_ordered_split_counts_scenes():
    assert plan.assign_splits(Split("order", 3, 1, 1), scenes(5), seed=0) == [
        *["train"] * 3,
        "val",
        "test",
    ]
    with pytest.raises(RecipeError, match=r"3 \+ 1 \+ 1 = 5 scenes, but the source has 4"):
        plan.assign_splits(Split("order", 3, 1, 1), scenes(4), seed=0)


def test_an_order_that_divides_a_group_is_refused():
    with pytest.raises(RecipeError, match="group 'g0' would be divided"):
        plan.assign_splits(Split("order", 2, 0, 2), scenes(4, groups=2), seed=0)


def test_a_source_decides_what_it_knows_and_the_hash_decides_the_rest():
    fixed = [Scene(f"f{i}", f"f{i}.dng", group=f"g{i}", split="test") for i in range(20)]
    same_group = Scene("view", "view.dng", group="g3")
    unknown = scenes(20)
    split = Split("source", 0.5, 0.0, 0.5)
    names = plan.assign_splits(split, [*fixed, same_group, *unknown], seed=0)
    assert names[:21] == ["test"] * 21
    assert names[21:] == plan.assign_splits(Split("hash", 0.5, 0.0, 0.5), unknown, seed=0)


def test_a_split_that_nobody_knows_is_refused():
    with pytest.raises(RecipeError, match=r"a\.dng: its source puts it into split 'dev'"):
        plan.assign_splits(Split("source"), [Scene("a", "a.dng", split="dev")], seed=0)
