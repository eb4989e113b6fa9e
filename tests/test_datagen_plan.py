"""Plans: pure, ordered, and no group crosses a split."""

from __future__ import annotations

from collections import Counter

import pytest

from datagen.build import plan
from datagen.build.division import divide
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
    names = divide(split, many, seed=0).splits
    shares = Counter(names)
    # Four standard deviations of a binomial draw.
    for name, share in (("train", 0.8), ("val", 0.1), ("test", 0.1)):
        assert abs(shares[name] / 5000 - share) < 4 * (share * (1 - share) / 5000) ** 0.5
    assert divide(split, many[::-7], seed=0).splits == names[::-7]
    assert divide(split, many, seed=1).splits != names


def test_a_group_stays_together():
    many = scenes(300, groups=40)
    names = divide(Split("hash", 0.5, 0.0, 0.5), many, seed=3).splits
    by_group = {}
    for scene, name in zip(many, names, strict=True):
        by_group.setdefault(scene.group, set()).add(name)
    assert all(len(found) == 1 for found in by_group.values())
    assert set(names) == {"train", "test"}


def test_an_ordered_split_counts_scenes():
    assert divide(Split("order", 3, 1, 1), scenes(5), seed=0).splits == [
        *["train"] * 3,
        "val",
        "test",
    ]


def test_an_ordered_split_of_another_number_keeps_the_shares_and_says_so():
    made = divide(Split("order", 4500, 0, 500), scenes(40), seed=0)
    assert made.splits == ["train"] * 36 + ["test"] * 4
    assert made.notes == (
        "[split] by = 'order' divides 4500 + 0 + 500 = 5000 scenes, and the source has 40: "
        "divided 36 + 0 + 4 instead",
    )


def test_an_order_that_divides_a_group_is_refused():
    with pytest.raises(RecipeError, match="group 'g0' would be divided"):
        divide(Split("order", 2, 0, 2), scenes(4, groups=2), seed=0)


def test_a_source_decides_what_it_knows_and_the_hash_decides_the_rest():
    fixed = [Scene(f"f{i}", f"f{i}.dng", group=f"g{i}", split="test") for i in range(20)]
    same_group = Scene("view", "view.dng", group="g3")
    unknown = scenes(20)
    split = Split("source", 0.5, 0.0, 0.5)
    names = divide(split, [*fixed, same_group, *unknown], seed=0).splits
    assert names[:21] == ["test"] * 21
    assert names[21:] == divide(Split("hash", 0.5, 0.0, 0.5), unknown, seed=0).splits


def test_a_split_that_nobody_knows_is_refused():
    with pytest.raises(RecipeError, match=r"a\.dng: its source puts it into split 'dev'"):
        divide(Split("source"), [Scene("a", "a.dng", split="dev")], seed=0)


def test_a_random_split_draws_so_many_and_leaves_the_rest_out():
    many = scenes(100)
    made = divide(Split("random", 30, 5, 10), many, seed=4)
    assert [made.splits.count(name) for name in ("train", "val", "test", "")] == [30, 5, 10, 55]
    assert made.notes == ()
    assert divide(Split("random", 30, 5, 10), many[::-1], seed=4).splits == made.splits[::-1]
    assert divide(Split("random", 30, 5, 10), many, seed=5).splits != made.splits


def test_a_random_split_keeps_groups_whole_and_says_what_is_short():
    made = divide(Split("random", 3, 0, 1), scenes(4, groups=2), seed=0)
    assert sorted(made.splits) == ["", "", "train", "train"]
    assert "1 scenes fewer in train than asked" in made.notes[0]
    with pytest.raises(RecipeError, match=r"draws 9 \+ 0 \+ 1 = 10 scenes, but the source has 4"):
        divide(Split("random", 9, 0, 1), scenes(4), seed=0)


def fivek(tmp_path, **lists):
    """Scenes named as FiveK's files are, and a split by lists."""
    many = [
        Scene(f"a{n:04}-jmac_DSC{n}", f"raw/HQ/a{n:04}-jmac_DSC{n}.dng", group=str(n))
        for n in range(1, 7)
    ]
    for name, text in lists.items():
        (tmp_path / f"{name}.txt").write_text(text, "utf-8")
    files = {f"{name}_list": str(tmp_path / f"{name}.txt") for name in lists}
    return divide(Split("list", **files), many, seed=0)


def test_lists_name_files_scenes_or_stems_and_pairs(tmp_path):
    made = fivek(
        tmp_path,
        train="\ufeffa0001-jmac_DSC1\nA0002-JMAC_DSC2.tif\n#\nother/a0003-jmac_dsc3.dng x.jpg\n",
        test="raw/HQ/a0005-jmac_DSC5.dng,target/5.tif\r\n",
    )
    assert made.splits == ["train", "train", "train", "", "test", ""]
    assert made.notes == (
        "2 scenes are in no list and left out: 'a0004-jmac_DSC4', 'a0006-jmac_DSC6'",
    )


def test_names_that_are_not_there_are_told_and_the_others_count(tmp_path):
    made = fivek(tmp_path, train="a0001-jmac_DSC1\na4999-none\n", val="a0002-jmac_DSC2\n")
    assert made.splits[:2] == ["train", "val"]
    assert "1 of its names are not there: 'a4999-none'" in made.notes[0]


@pytest.mark.parametrize(
    ("lists", "words"),
    [
        ({"train": "b1\n"}, r"names no scene of the source; the first is 'b1'"),
        ({"train": "# none\n"}, "names no scene of the source: it is empty"),
        (
            {"train": "a0001-jmac_DSC1\n", "test": "a0001-jmac_DSC1\n"},
            r"test\.txt:1: 'a0001-jmac_DSC1' is in train already",
        ),
    ],
)
def test_lists_that_cannot_be_meant_are_refused(lists, words, tmp_path):
    with pytest.raises(RecipeError, match=words):
        fivek(tmp_path, **lists)


def test_a_missing_list_and_a_name_of_two_are_refused(tmp_path):
    with pytest.raises(RecipeError, match=r"none\.txt: No such file.*it is a list of the split"):
        divide(Split("list", train_list=str(tmp_path / "none.txt")), scenes(3), seed=0)
    twins = [Scene("a_x", "a/x.png", group="1"), Scene("b_x", "b/x.png", group="2")]
    (tmp_path / "l.txt").write_text("x\n")
    with pytest.raises(RecipeError, match="'x' is the name of several scenes"):
        divide(Split("list", train_list=str(tmp_path / "l.txt")), twins, seed=0)
    with pytest.raises(ValueError, match="go with by = 'list'"):
        Split("list")


def test_a_source_with_a_split_that_a_recipe_overrules_is_told():
    own = [Scene(f"s{n}", f"s{n}.png", group=str(n), split="test") for n in range(3)]
    assert "names the split of 3 scenes" in divide(Split("hash"), own, seed=0).notes[0]
    assert divide(Split(), own, seed=0).splits == ["test"] * 3
