"""No LUT in two splits, and a LUT of a data set is the table that is stored."""

from __future__ import annotations

import json
from collections import defaultdict

import numpy as np
import pytest

import luts
from datagen.build import distort, lut_checks
from datagen.build.driver import Resources, build
from datagen.build.lut_splits import divide, lut_files
from datagen.dataset.read import open_dataset
from datagen.dataset.verify import verify
from datagen.images.codes import quantise
from datagen.images.files import write_image
from datagen.recipe.load import RecipeError, load_recipe
from luts import library
from luts.lut import nodes

SERIAL = Resources("serial", 1)
TOML = """
name = "leak"
seed = 1
[source]
folder = "{folder}"
[render]
evs = [0.0]
long_edge = 24
[split]
train = 0.34
val = 0.33
test = 0.33
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for number in range(9):
        rng = np.random.default_rng(number)
        smooth = np.kron(rng.random((3, 4, 3)), np.ones((6, 6, 1)))
        write_image(folder / f"p{number}.png", quantise(smooth))
    return folder


def recipe(folder, photos, *blocks, changes=()):
    text = TOML.format(folder=photos) + "".join(f"[[distort]]\n{block}\n" for block in blocks)
    (folder / "r.toml").write_text(text)
    return load_recipe(folder / "r.toml", changes)


def looks(folder, count):
    """Files of `count` different looks."""
    for number in range(count):
        luts.write_cube(luts.Lut3D(nodes(5) ** (0.6 + 0.1 * number)), folder / f"look{number}.cube")


def splits_by_lut(dataset):
    found = defaultdict(set)
    for row in dataset.rows:
        if row.distortion is not None:
            found[row.distortion.lut].add(row.split)
    return found


def test_no_file_and_no_library_lut_is_in_two_splits(tmp_path, photos):
    looks(tmp_path, 3)
    block = 'library = ["tungsten", "shade", "fog", "candle"]\nfiles = ["look*.cube"]\n'
    build(recipe(tmp_path, photos, block + "count = 6\nlut_size = 9"), tmp_path / "out", SERIAL)
    found = splits_by_lut(open_dataset(tmp_path / "out"))
    assert len(found) >= 5 and all(len(splits) == 1 for splits in found.values())
    report = verify(tmp_path / "out", strict=True)
    assert not [problem for problem in report.problems if "near-dup" not in problem]


def test_every_split_gets_its_share_and_every_block_the_same_answer(tmp_path, photos):
    names = library.names()[:20]
    one = f"library = {json.dumps(names)}"
    two = f"library = {json.dumps(names[5:15])}\nlut_size = 17"
    changes = ["split.train=0.8", "split.val=0.1", "split.test=0.1"]
    first, second = divide(recipe(tmp_path, photos, one, two, changes=changes))
    assert [len(first[split]) for split in ("train", "val", "test")] == [16, 2, 2]
    for split, items in second.items():
        assert items and {item.name for item in items} <= {item.name for item in first[split]}
    again = divide(recipe(tmp_path, photos, one, two, changes=[*changes, "seed=2"]))
    assert again[0] != first


def test_a_list_too_short_is_refused_and_can_be_shared(tmp_path, photos):
    looks(tmp_path, 2)
    short = recipe(tmp_path, photos, 'files = ["look0.cube", "look1.cube"]')
    with pytest.raises(RecipeError, match=r"2 different LUTs cannot be divided .* shared = true"):
        lut_checks.check_names(short)
    block = 'files = ["look0.cube", "look1.cube"]\ncount = 3\nlut_size = 5\nshared = true'
    build(recipe(tmp_path, photos, block), tmp_path / "out", SERIAL)
    report = verify(tmp_path / "out")
    assert not report.problems
    assert any("2 LUTs are in several splits (shared = true)" in note for note in report.notes)
    assert "LUTs are shared between the splits" in (tmp_path / "out" / "README.md").read_text()


def test_two_splits_need_two_luts_only(tmp_path, photos):
    looks(tmp_path, 2)
    changes = ["split.train=0.5", "split.val=0", "split.test=0.5"]
    (found,) = divide(recipe(tmp_path, photos, 'files = ["look*.cube"]', changes=changes))
    assert [len(found[split]) for split in ("train", "val", "test")] == [1, 0, 1]


def test_looks_that_are_the_same_stay_together(tmp_path, photos):
    """One look at two sizes, and with values beyond white: three files, one LUT."""
    looks(tmp_path, 2)
    wide = nodes(17) * 1.25 - 0.05
    for name, table in (("wide", wide), ("cut", wide.clip(0, 1))):
        luts.write_cube(luts.Lut3D(table), tmp_path / f"{name}.cube")
    luts.write_cube(luts.resize(luts.Lut3D(wide.clip(0, 1)), 33), tmp_path / "fine.cube")
    (found,) = divide(recipe(tmp_path, photos, 'files = ["*.cube"]'))
    (split,) = [s for s, items in found.items() if "wide.cube" in {item.name for item in items}]
    assert {item.name for item in found[split]} == {"wide.cube", "cut.cube", "fine.cube"}


def test_library_luts_at_an_opacity_are_divided_too(tmp_path, photos):
    block = 'families = ["file"]\nseverity = [2, 6]\ncount = 4\nlut_size = 5'
    build(recipe(tmp_path, photos, block), tmp_path / "out", SERIAL)
    sources = defaultdict(set)
    for row in open_dataset(tmp_path / "out").rows:
        if row.distortion is not None:
            sources[row.distortion.parameters["parameters"]["lut"]].add(row.split)
    assert len(sources) > 3 and all(len(splits) == 1 for splits in sources.values())


def test_verify_finds_a_lut_in_two_splits(tmp_path, photos, monkeypatch):
    monkeypatch.setattr(distort, "_divided", lambda r, _: divided(r))

    def divided(r):
        (found,) = divide(r)
        everything = tuple(item for items in found.values() for item in items)
        return (dict.fromkeys(found, everything),)

    block = 'library = ["fog", "shade", "candle"]\nstack = 2\ncount = 2\nlut_size = 5'
    build(recipe(tmp_path, photos, block), tmp_path / "out", SERIAL)
    problems = verify(tmp_path / "out").problems
    assert any("leak: LUT fog is in " in problem for problem in problems)


def test_two_sources_that_bake_to_one_table_are_one_file(tmp_path, photos):
    wide = nodes(17) * 1.25 - 0.05
    for name, table in (("wide", wide), ("cut", wide.clip(0, 1))):
        luts.write_cube(luts.Lut3D(table, title=f"look {name}"), tmp_path / f"{name}.cube")
    block = 'files = ["wide.cube", "cut.cube"]\ncount = 4\nlut_size = 17\nshared = true'
    build(recipe(tmp_path, photos, block), tmp_path / "out", SERIAL)
    assert not verify(tmp_path / "out").problems
    rows = [row for row in open_dataset(tmp_path / "out").rows if row.distortion]
    assert {row.distortion.name for row in rows} == {"wide.cube", "cut.cube"}
    (path,) = {row.distortion.lut for row in rows}
    text = (tmp_path / "out" / path).read_text()
    assert text.startswith("LUT_3D_SIZE 17\n") and "look" not in text


def test_a_stored_table_has_the_hash_of_its_text_even_at_ties(tmp_path):
    """0.0078125 lies between two values of six decimals: rounded once, before it is named."""
    table = np.round(nodes(17) / 8, 6)
    drawn = distort.bake((lambda encoded: encoded / 8,), 17)
    np.testing.assert_allclose(drawn.table, table, atol=5e-7)
    path = tmp_path / "x.cube"
    path.write_bytes(distort._cube(drawn))
    assert luts.table_hash(luts.read_cube(path)) == luts.table_hash(drawn)


def test_rows_say_how_far_the_stored_lut_is_off(tmp_path, photos):
    block = 'families = ["exposure"]\nseverity = [6, 8]\nlut_size = 5\npool = 2'
    build(recipe(tmp_path, photos, block), tmp_path / "out", SERIAL)
    row = next(row for row in open_dataset(tmp_path / "out").rows if row.distortion)
    baked = row.distortion.baked
    assert 0 < baked["mean"] < baked["p95"] < baked["largest"] < 30


def test_files_are_found_beside_the_recipe_in_folders_and_by_pattern(tmp_path, monkeypatch):
    (tmp_path / "pack").mkdir()
    looks(tmp_path / "pack", 3)
    where = str(tmp_path / "r.toml")
    monkeypatch.chdir(tmp_path / "pack")
    folder = str(tmp_path / "pack")
    names = [f"{folder}/look{number}.cube" for number in range(3)]
    for named in (("pack",), ("pack/*.cube",), (folder,), (f"{folder}/look?.cube",)):
        assert list(lut_files(where, named)) == names
    assert lut_files(where, ("look1.cube",)) == ("look1.cube",)  # where the command runs
    with pytest.raises(RecipeError, match=r"nothing\*\.cube: no such file"):
        lut_files(where, ("nothing*.cube",))
    luts.write_cube(luts.identity(2), tmp_path / "look0.cube")
    with pytest.raises(RecipeError, match="have the same file name"):
        lut_files(where, ("pack", "look0.cube"))


def test_a_source_that_fills_a_split_without_luts_is_refused(tmp_path, photos):
    looks(tmp_path, 2)
    changes = ["split.train=0.5", "split.val=0", "split.test=0.5"]
    found = recipe(tmp_path, photos, 'files = ["look*.cube"]', changes=changes)
    lut_checks.check_splits(found, ["train", "test"])
    with pytest.raises(RecipeError, match=r"has no LUT for val, to which the source gives scenes"):
        lut_checks.check_splits(found, ["train", "val"])


@pytest.mark.parametrize("shared", [True, False])
def test_a_report_says_when_luts_are_shared(shared):
    import pandas as pd

    from benchmarks.harness.run_info import DataInfo, RunInfo
    from benchmarks.report.remarks import introduction

    info = RunInfo(DataInfo("set", "0" * 64, shared_luts=shared), "test", {})
    rows = pd.DataFrame({"sample": ["a"], "group": ["g"], "scorer": ["numpy"]})
    assert ("nothing here is an unseen LUT" in introduction(info, rows)) == shared


def test_a_run_knows_whether_its_set_shares_luts():
    from datagen.dataset.leaks import shares_luts

    assert shares_luts({"distort": [{"shared": False}, {"shared": True}]})
    assert not shares_luts({"distort": [{}]}) and not shares_luts({})


@pytest.mark.parametrize("suffix", [".3dl", ".clf", ".png"])
def test_files_of_every_format_are_distortions(tmp_path, photos, suffix):
    from luts.formats import write_file

    for number in range(3):
        look = luts.Lut3D(nodes(16) ** (0.5 + 0.2 * number))
        write_file(look, tmp_path / f"look{number}{suffix}")
    block = f'files = ["look*{suffix}"]\ncount = 2\nlut_size = 16'
    build(recipe(tmp_path, photos, block), tmp_path / "out", SERIAL)
    assert not verify(tmp_path / "out").problems
    names = {row.distortion.name for row in open_dataset(tmp_path / "out").rows if row.distortion}
    assert names and all(name.endswith(suffix) for name in names)


def test_a_lut_that_would_destroy_every_picture_is_refused_by_the_plan(tmp_path, photos):
    luts.write_cube(luts.Lut3D(nodes(5) ** 0.7 * 255), tmp_path / "codes.cube")
    with pytest.raises(luts.LutFormatError, match=r"codes\.cube: the table is in code values"):
        lut_checks.check_names(recipe(tmp_path, photos, 'files = ["codes.cube"]\nshared = true'))


def test_the_plan_says_which_files_lose_by_being_stored(tmp_path, photos):
    luts.write_cube(luts.Lut3D(np.clip(nodes(65) * 4 - 1.5, 0, 1)), tmp_path / "hard.cube")
    block = 'files = ["hard.cube"]\nlut_size = 5\nshared = true'
    (note,) = lut_checks.lut_notes(recipe(tmp_path, photos, block))
    assert "hard.cube: pictures go through it as it is; stored at 5 nodes it is off by dE00" in note
