"""datagen.dataset.derive and where: parts of a data set, several joined, conditions on rows."""

from __future__ import annotations

import pytest

from datagen.build.driver import Resources, build
from datagen.cli import main
from datagen.dataset.derive import DeriveError, merge, subset
from datagen.dataset.read import open_dataset
from datagen.dataset.target import PlaceError
from datagen.dataset.verify import verify
from datagen.dataset.where import FIELDS, WhereError, parse_where
from datagen.recipe.load import RecipeError, load_recipe
from luts.tool.files import locked

SMALL = ["render.evs=[-1.0, 0.0, 1.0]", "render.long_edge=48", "source.limit=4"]


@pytest.fixture(scope="module")
def distorted(tmp_path_factory):
    """A set with LUTs, of the first scenes of the samples."""
    folder = tmp_path_factory.mktemp("derive") / "distorted"
    build(load_recipe("demo", [*SMALL, "name=distorted"]), folder, Resources("serial", 1))
    return folder


def ids(folder):
    return {row.id for row in open_dataset(folder).samples}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ev < 0", lambda row: row.ev < 0),
        (
            "ev < 0 and severity > 5",
            lambda row: row.ev < 0 and bool(row.distortion) and row.distortion.severity > 5,
        ),
        ("not split == 'train'", lambda row: row.split != "train"),
        ("split in ('val', 'test') or ev == -1", lambda row: row.split != "train" or row.ev == -1),
        ("0.1 <= coverage <= 0.5", lambda row: 0.1 <= row.coverage.A <= 0.5),
        ("distortion == 'none'", lambda row: row.distortion is None),
        ("ev == None", lambda row: row.ev is None),
    ],
)
def test_a_condition_is_what_python_makes_of_it(text, expected, distorted):
    holds = parse_where(text)
    for row in open_dataset(distorted).samples:
        assert holds(row) == expected(row)


def test_every_column_can_be_asked_for(distorted):
    row = open_dataset(distorted).samples[0]
    for name in FIELDS:
        assert parse_where(f"{name} == {name}")(row)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("evv < 0", "no column 'evv'; did you mean 'ev'"),
        ("__import__('os').system('true')", "more than a condition"),
        ("ev.real < 0", "more than a condition"),
        ("[x for x in ev]", "more than a condition"),
        ("ev is None", "'is' is not known"),
        ("ev <", "is no condition"),
        ("(" * 500 + "ev" + ")" * 500, "is no condition"),
        ("ev < 0 and " * 300 + "ev < 0", "up to 2000 characters"),
    ],
)
def test_what_is_no_condition_is_refused(text, words):
    with pytest.raises(WhereError, match=words.replace("(", r"\(")):
        parse_where(text)


def test_a_text_is_not_compared_with_a_number(distorted):
    with pytest.raises(WhereError, match="compares a text with a number"):
        parse_where("split < 3")(open_dataset(distorted).samples[0])


def test_a_subset_holds_the_same_pixels_of_fewer_samples(distorted, tmp_path):
    subset(distorted, "ev < 0", tmp_path / "dark")
    whole = {row.id: row for row in open_dataset(distorted).samples}
    dark = open_dataset(tmp_path / "dark")
    assert ids(tmp_path / "dark") == {name for name, row in whole.items() if row.ev < 0}
    assert all(row.sha256 == whole[row.id].sha256 for row in dark.samples)
    assert verify(tmp_path / "dark").problems == []


def test_a_subset_is_not_built_upon(distorted, tmp_path):
    subset(distorted, "ev < 0", tmp_path / "dark")
    with pytest.raises(RecipeError, match="cut or merged from others"):
        build(load_recipe("demo", SMALL), tmp_path / "dark", Resources("serial", 1))


def test_two_halves_make_the_whole_again(distorted, tmp_path):
    subset(distorted, "split == 'test'", tmp_path / "a")
    subset(distorted, "split != 'test'", tmp_path / "b")
    head = merge([tmp_path / "a", tmp_path / "b"], tmp_path / "both", name="both")
    assert head.hash == open_dataset(distorted).hash
    assert verify(tmp_path / "both").problems == []


def test_scenes_of_one_name_stay_apart(distorted, tmp_path):
    changes = [*SMALL, "name=plain", "distort=[]", "render.evs=[0.0]"]
    build(load_recipe("demo", changes), tmp_path / "plain", Resources("serial", 1))
    merge([distorted, tmp_path / "plain"], tmp_path / "both")
    both = open_dataset(tmp_path / "both")
    assert len(both) == len(open_dataset(distorted)) + len(open_dataset(tmp_path / "plain"))
    first, second = (
        {row.scene for row in open_dataset(x).samples} for x in (distorted, tmp_path / "plain")
    )
    assert {row.scene for row in both.samples} == first | {f"{name}_plain" for name in second}
    assert verify(tmp_path / "both").problems == []


def test_a_leak_is_refused(distorted, tmp_path):
    changes = [*SMALL, "name=other", "distort=[]", "split.by=order"]
    other = [*changes, "split.train=0", "split.val=4", "split.test=0"]
    build(load_recipe("demo", other), tmp_path / "other", Resources("serial", 1))
    with pytest.raises(DeriveError, match=r"group .* is in .* of distorted and in val of other"):
        merge([distorted, tmp_path / "other"], tmp_path / "both")


@pytest.mark.parametrize("bits", [16])
def test_pictures_of_another_depth_are_refused(distorted, tmp_path, bits):
    changes = [*SMALL, "name=deep", "distort=[]", f"output.bits={bits}"]
    build(load_recipe("demo", changes), tmp_path / "deep", Resources("serial", 1))
    with pytest.raises(DeriveError, match=r"one depth and format .* 16 bit"):
        merge([distorted, tmp_path / "deep"], tmp_path / "both")


def test_mistakes_are_one_line_and_exit_two(distorted, tmp_path, capsys):
    out = str(tmp_path / "x")
    assert main(["subset", str(distorted), "--where", "ev > 100", "-o", out]) == 2
    assert "holds for none of" in capsys.readouterr().err
    assert main(["merge", str(distorted), "-o", out]) == 2
    assert "needs two data sets" in capsys.readouterr().err
    assert main(["merge", str(distorted), str(distorted), "-o", out]) == 2
    assert "named twice" in capsys.readouterr().err
    assert main(["subset", str(distorted), "--where", "ev < 0", "-o", str(distorted)]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert main(["subset", str(distorted), "--where", "ev < 0", "-o", out]) == 0


def test_a_subset_that_was_killed_is_gone_on_with(distorted, tmp_path, monkeypatch):
    whole = subset(distorted, "ev < 0", tmp_path / "whole")
    out = tmp_path / "out"
    monkeypatch.setattr("datagen.dataset.derive.seal", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        subset(distorted, "ev < 0", out)
    monkeypatch.undo()
    with pytest.raises(DeriveError, match="is not empty; choose another folder"):
        subset(distorted, "ev > 0", out)
    lost, changed, *_ = sorted((out / "scenes").rglob("*.png"))
    lost.unlink()
    changed.unlink()
    changed.write_bytes(b"another's")
    assert subset(distorted, "ev < 0", out).hash == whole.hash
    assert verify(out).problems == verify(tmp_path / "whole").problems == []


def test_a_second_subset_waits_for_the_first(distorted, tmp_path):
    with (
        locked(tmp_path / "out" / ".lock"),
        pytest.raises(PlaceError, match="another build is at work here; wait for it"),
    ):
        subset(distorted, "ev < 0", tmp_path / "out")
