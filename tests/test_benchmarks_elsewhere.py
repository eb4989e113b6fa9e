"""Results folders of strangers: what their run.json names elsewhere is tested, and told."""

from __future__ import annotations

import json
import shutil

import pytest

from benchmarks.cli import main
from benchmarks.front import run
from benchmarks.harness.elsewhere import SHOWN, places
from benchmarks.harness.pictures import PictureFolder
from benchmarks.harness.run_info import RUN
from benchmarks.methods import Method, MethodError
from benchmarks.methods.models.trained.checkpoints import WEIGHTS
from datagen.cli import main as datagen
from datagen.dataset.read import load_pair, open_dataset
from datagen.images.codes import quantise
from datagen.images.files import write_image


@pytest.fixture(scope="module")
def finished(tiny_data, tmp_path_factory):
    """A run with pictures made elsewhere and weights of our own."""
    folder = tmp_path_factory.mktemp("elsewhere")
    dataset = open_dataset(tiny_data)
    for row in dataset.select(split="test"):
        picture = load_pair(dataset, row).degraded
        write_image(folder / "theirs" / f"{row.id}.png", quantise(picture))
    for end in (".safetensors", ".json"):
        (folder / "own").mkdir(exist_ok=True)
        shutil.copy(WEIGHTS / f"zero_dce{end}", folder / "own" / f"best{end}")
    words = ["--methods", "zero_dce", "--weights", f"own={folder / 'own'}", "--limit", "2"]
    words += ["--predictions", str(folder / "theirs"), "--metrics", "psnr", "--jobs", "1"]
    assert main(["run", "--data", str(tiny_data), "--out", str(folder / "run"), *words]) == 0
    return folder


def changed(finished, out, change):
    shutil.copytree(finished / "run", out)
    about = json.loads((out / RUN).read_text())
    change(about)
    (out / RUN).write_text(json.dumps(about))
    return out


def test_weights_and_pictures_outside_of_a_run_are_named_and_used(finished, tmp_path, capsys):
    for verb in ("report", "verify"):
        out = ["-o", str(tmp_path)] if verb == "report" else ["--count", "4"]
        assert main([verb, str(finished / "run"), *out]) == 0
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"{finished / 'run'}: as its run.json says, weights and pictures")
        assert f"{finished / 'own' / 'best.safetensors'} (zero_dce@own)" in line
        assert f"{finished / 'theirs'} (mine)" in line
    assert "mine" in (tmp_path / "report.html").read_text().partition("pair of")[2]
    words = ["--sizes", "32x32", "--budget", "0.01", "--no-files"]
    assert main(["time", "--run", str(finished / "run"), "--out", str(tmp_path), *words]) == 0
    line = capsys.readouterr().err
    assert "best.safetensors (zero_dce@own)" in line and "theirs" not in line


def test_a_run_of_shipped_weights_names_nothing(tiny_data, tmp_path, capsys):
    run(tiny_data, ["gamma", "zero_dce"], tmp_path / "run", metrics=["psnr"], limit=1)
    capsys.readouterr()
    assert main(["report", str(tmp_path / "run"), "--by", "mask", "coverage"]) == 0
    assert capsys.readouterr().err == ""
    assert "pair of" in (tmp_path / "run" / "report.html").read_text()


def test_of_many_places_some_are_named_in_one_line(tmp_path):
    rows = {}
    for number in range(SHOWN + 2):
        (tmp_path / f"w\n{number}").touch()
        rows[f"m{number}"] = Method("", "model", "", weights=str(tmp_path / f"w\n{number}"))
    (tmp_path / "run").mkdir()
    (line,) = places(tmp_path / "run", rows)
    assert line.endswith(f"w\ufffd{SHOWN - 1} (m{SHOWN - 1}) and 2 more") and "\n" not in line
    assert places(tmp_path, rows) == []  # all inside


def test_places_that_cannot_be_are_none(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    for place in ("x" * 5000, "\0", "", str(tmp_path / "a"), "/nowhere"):
        row = Method("", "external", "", settings={"folder": place})
        assert places(tmp_path / "run", {"m": row}) == []


@pytest.mark.parametrize("what", ["another", "none", "unfinished"])
def test_pictures_are_those_of_the_data_set_that_was_scored(
    what, finished, tiny_data, tmp_path, capsys
):
    """A run.json may name any folder of its reader's."""
    private = tmp_path / "private"
    if what == "another":
        assert datagen(["subset", str(tiny_data), "--where", "ev < 0", "-o", str(private)]) == 0
    elif what == "unfinished":
        private.mkdir()
        (private / "dataset.json").write_text("{}")
    else:
        private.mkdir()
    out = changed(finished, tmp_path / "run", lambda t: t["dataset"].update(folder=str(private)))
    capsys.readouterr()
    assert main(["report", str(out)]) == 0
    *_, line = capsys.readouterr().err.splitlines()
    assert str(private) in line and line.endswith("the report has no pictures")
    assert "data:image/jpeg" not in (out / "report.html").read_text()
    assert main(["verify", str(out)]) == 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "folder and pattern must be texts, got ''"),
        ({"folder": 5}, "must be texts, got 5"),
        ({"folder": "x", "pattern": [1]}, r"must be texts, got 'x' and \[1\]"),
        ({"folder": "x", "pattern": "{id.__class__}"}, "may hold {id}, {flat} and {scene}"),
        ({"folder": "x", "pattern": "{id:>9999999999}"}, "and no other braces"),
        ({"folder": "x", "pattern": "{0}"}, "and no other braces"),
    ],
)
def test_settings_of_pictures_that_name_none_are_one_line(
    settings, message, finished, tmp_path, capsys
):
    with pytest.raises(MethodError, match=message) as found:
        PictureFolder.of(Method("", "external", "", settings=settings))
    assert len(str(found.value).splitlines()) == 1
    out = changed(
        finished, tmp_path / "run", lambda t: t["methods"]["mine"].update(settings=settings)
    )
    assert main(["report", str(out)]) == 0
    capsys.readouterr()
    assert main(["verify", str(out), "--count", "100"]) == 2
    assert "must be texts" in (err := capsys.readouterr().err) or "other braces" in err


def test_a_pattern_takes_the_place_of_each_part(tmp_path):
    (tmp_path / "a" / "x").mkdir(parents=True)
    for name in ("a/x/b_out.png", "a_b%s.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert PictureFolder(tmp_path, "{flat}%s.png").find("a/b") == tmp_path / "a_b%s.png"
    assert PictureFolder(tmp_path, "{scene}/x/b_out.png").find("a/b").name == "b_out.png"
