"""Code of others: LUT families and sources by file, everything by an installed package; and that
no file which is only read makes any run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import luts.families.outside
from benchmarks.cli import main as benchmarks
from datagen.build.driver import Resources, build
from datagen.cli import main as datagen
from datagen.recipe.load import RecipeError, load_recipe
from luts.cli import main as luts_main
from luts.families import DistortionError, draw
from luts.tool.outside import OutsideError, named

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "docs" / "examples" / "my_data.py"

RECIPE = """
name = "mine"
[source]
kind = "my_data.py:read_shots"
folder = "{folder}"
references = ["good"]
licence = "CC0-1.0"
[render]
long_edge = 32
[[distort]]
families = ["my_data.py:VIBRANCE"]
severity = [1.0, 3.0]
pool = 6
[[mask]]
kind = "circle"
[split]
by = "hash"
train = 0.0
val = 0.0
test = 1.0
"""


@pytest.fixture(autouse=True)
def no_family_stays(monkeypatch):
    monkeypatch.setattr(luts.families.outside, "_FOUND", {})


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with two shots, a recipe that asks for code, and a copy of the code."""
    rng = np.random.default_rng(1)
    (tmp_path / "shots").mkdir()
    for name in ("a", "b"):
        coarse = rng.integers(20, 250, (8, 12, 3), dtype=np.uint8)
        picture = cv2.resize(coarse, (96, 64), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(tmp_path / "shots" / f"good_{name}.png"), picture)
        cv2.imwrite(str(tmp_path / "shots" / f"dark_{name}.png"), (picture * 0.6).astype(np.uint8))
    (tmp_path / "mine.toml").write_text(RECIPE.format(folder=tmp_path / "shots"))
    shutil.copy(EXAMPLE, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_family_of_ones_own_is_drawn_as_strong_as_asked(tmp_path, capsys):
    out = tmp_path / "v.cube"
    spec = f"{EXAMPLE}:VIBRANCE"
    assert luts_main(["random", spec, "--severity", "3", "--seed", "1", "-o", str(out)]) == 0
    assert draw(spec, seed=1, severity=3.0).severity == pytest.approx(3.0, rel=0.01)
    assert luts_main(["info", str(out)]) == 0
    assert "VIBRANCE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("{here}:gone", "has no 'gone'"),
        ("{here}:draw", "is a function; give a luts.families.Family"),
        ("no.py:F", "no.py: FileNotFoundError: no such file"),
        ("film_", "no family 'film_'; did you mean 'film'"),
    ],
)
def test_what_is_no_family_is_one_line(spec, message):
    with pytest.raises(DistortionError, match=message):
        draw(spec.format(here=EXAMPLE), seed=1)


def test_a_family_may_not_take_a_name_that_is_there(tmp_path):
    text = EXAMPLE.read_text() + "\nfilm = VIBRANCE\n"
    (tmp_path / "one.py").write_text(text)
    (tmp_path / "two.py").write_text(text)
    with pytest.raises(DistortionError, match="there is a family 'film'; call yours otherwise"):
        draw(f"{tmp_path / 'one.py'}:film", seed=1)
    draw(f"{tmp_path / 'one.py'}:VIBRANCE", seed=1)
    with pytest.raises(DistortionError, match="is called 'VIBRANCE' too"):
        draw(f"{tmp_path / 'two.py'}:VIBRANCE", seed=1)


def test_a_recipe_builds_with_code_that_the_user_names(place, capsys):
    assert datagen(["build", "mine.toml", "-o", "set", "--code", "my_data.py", "-j", "2"]) == 0
    assert datagen(["verify", "set"]) == 0  # what was built is data again: no code is needed
    head = json.loads((place / "set" / "dataset.json").read_text())
    assert head["recipe"]["source"]["kind"] == "my_data.py:read_shots"
    rows = [
        json.loads(line) for line in (place / "set" / "manifest.jsonl").read_text().splitlines()
    ]
    drawn = [row for row in rows if row["distortion"]]
    assert drawn
    assert "VIBRANCE" in json.dumps(drawn[0])
    assert {row["scene"] for row in rows} == {"a", "b"}
    capsys.readouterr()


def test_the_folder_of_the_code_does_not_change_the_data_and_the_code_does(place):
    def made(code, out):
        resources = Resources("serial", 1)
        build(load_recipe("mine.toml", code=[str(code)]), place / out, resources)
        luts.families.outside._FOUND.clear()
        return json.loads((place / out / "dataset.json").read_text())

    other = place / "elsewhere" / "my_data.py"
    other.parent.mkdir()
    shutil.copy(EXAMPLE, other)
    first = made("my_data.py", "one")
    assert made(other, "two") == first
    other.write_text(EXAMPLE.read_text() + "\n# changed\n")
    assert made(other, "three") != first


@pytest.mark.parametrize("verb", ["plan", "build", "stream"])
def test_a_recipe_of_a_stranger_runs_nothing(verb, place, capsys):
    (place / "my_data.py").write_text("open('pwned', 'w')\n" + EXAMPLE.read_text())
    out = {"build": ["-o", "set"], "stream": ["--cache", "light"], "plan": []}[verb]
    assert datagen([verb, "mine.toml", *out]) != 0
    said = capsys.readouterr().err.strip()
    assert (
        "my_data.py:read_shots is code, which runs only where you name it: --code my_data" in said
    )
    assert "\n" not in said
    assert datagen([verb, "mine.toml", *out, "--code", "other.py"]) != 0
    assert not (place / "pwned").exists()


def test_training_from_a_strangers_recipe_runs_nothing(place, capsys):
    (place / "my_data.py").write_text("open('pwned', 'w')\n" + EXAMPLE.read_text())
    words = ["train", "unet", "--stream", "mine.toml", "--out", "net", "--steps", "1"]
    assert benchmarks(words) != 0
    assert "--code my_data.py" in capsys.readouterr().err
    assert not (place / "pwned").exists()


def test_a_data_set_of_a_stranger_runs_nothing(place, capsys):
    """Its head names code, and its rows families: both are data for every verb that reads it."""
    build(load_recipe("mine.toml", code=["my_data.py"]), "set", Resources("serial", 1))
    luts.families.outside._FOUND.clear()
    for path in (place / "set").glob("*.json*"):
        text = path.read_text().replace("my_data.py:", "evil.py:").replace("VIBRANCE", "evil:run")
        path.write_text(text)
    (place / "evil.py").write_text("open('pwned', 'w')\nrun = 1\n")
    for words in (["verify"], ["stats"], ["show"]):
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(str(place))
            datagen([*words, "set"])
    benchmarks(["run", "--data", "set", "--methods", "auto_gamma", "--out", "run", "--jobs", "1"])
    assert not (place / "pwned").exists()


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (["/a/my.py"], "/a/my.py:f"),
        (["other.py", "/b/my.py:f"], "/b/my.py:f"),
        (["/b/my.py:g"], None),
        (["my"], None),
        ([], None),
    ],
)
def test_code_is_what_the_user_named_wherever_the_file_says_it_lies(code, found):
    for spec in ("my.py:f", "../../my.py:f", "/tmp/my.py:f"):
        if found:
            assert named(spec, code, "recipe") == found
        else:
            with pytest.raises(OutsideError, match="runs only where you name it: --code"):
                named(spec, code, "recipe")


@pytest.mark.parametrize(
    ("returned", "message"),
    [("None", "returned a NoneType; wanted is a list"), ("[]", "holds no picture")],
)
def test_a_source_that_returns_no_scenes_is_one_line(returned, message, place):
    (place / "my_data.py").write_text(f"def read_shots(source, folder): return {returned}\n")
    changes = ["distort=[]"]
    recipe = load_recipe("mine.toml", changes, code=["my_data.py"])
    with pytest.raises(RecipeError, match=message):
        build(recipe, place / "set", Resources("serial", 1))


PROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "mountain-looks"
version = "1.0"
[project.entry-points."tonebench.methods"]
mountain = "mountain_looks.method:brighten"
broken = "mountain_looks.gone:nothing"
[project.entry-points."tonebench.metrics"]
mountain_error = "mountain_looks.method:chroma_error"
[project.entry-points."tonebench.families"]
vibrance = "mountain_looks.data:VIBRANCE"
[project.entry-points."tonebench.sources"]
shots = "mountain_looks.data:read_shots"
"""


@pytest.mark.slow
def test_an_installed_package_offers_all_four_under_plain_names(place):
    package = place / "project" / "mountain_looks"
    package.mkdir(parents=True)
    (package.parent / "pyproject.toml").write_text(PROJECT)
    (package / "__init__.py").touch()
    shutil.copy(EXAMPLE, package / "data.py")
    shutil.copy(EXAMPLE.with_name("my_model.py"), package / "method.py")
    install = [sys.executable, "-m", "pip", "-q", "install", "--no-deps", "--no-build-isolation"]
    site = place / "site"
    subprocess.run([*install, "--target", str(site), str(package.parent)], check=True)
    path = os.pathsep.join([str(site), str(ROOT)])

    def call(program, *words):
        done = subprocess.run(
            [sys.executable, "-m", program, *words],
            cwd=place,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    assert "vibrance     muted colours gain saturation" in call("luts", "list", "families")
    call("luts", "random", "vibrance", "--severity", "2", "-o", "v.cube")
    plain = (place / "mine.toml").read_text().replace("my_data.py:read_shots", "shots")
    (place / "plain.toml").write_text(plain.replace("my_data.py:VIBRANCE", "vibrance"))
    call("datagen", "build", "plain.toml", "-o", "set", "--engine", "serial")
    words = ["--methods", "auto_gamma", "mountain", "--metrics", "psnr", "mountain_error"]
    said = call("benchmarks", "run", "--data", "set", *words, "--jobs", "1", "--out", "run")
    assert "entry point broken: mountain_looks.gone: ModuleNotFoundError" in said
    table = call("benchmarks", "report", "run")
    assert "| mountain |" in table
    assert "mountain_error" in table
