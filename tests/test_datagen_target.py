"""Targets: a data set at a URL is the one in a folder, byte for byte, and as hard to break."""

from __future__ import annotations

import pickle
import sys
import uuid
from pathlib import Path

import numpy as np
import pytest

from datagen.build.driver import Resources, build
from datagen.cli import main
from datagen.dataset.manifest import ManifestError
from datagen.dataset.target import Folder, PlaceError, Remote, open_target
from datagen.dataset.verify import verify
from datagen.engines.worker import TargetError
from datagen.images.codes import quantise
from datagen.images.files import write_image
from datagen.recipe.load import Recipe, RecipeError, load_recipe

pytest.importorskip("fsspec")
SERIAL = Resources(engine="serial")
TOML = """
name = "tiny"
[source]
folder = "{folder}"
[render]
evs = [0, 1]
[[distort]]
families = ["tone"]
severity = [2, 6]
pool = 2
lut_size = 5
[[mask]]
kind = "circle"
[output]
format = "tiff"
"""


@pytest.fixture
def recipe(tmp_path) -> Recipe:
    rng = np.random.default_rng(3)
    for number in range(3):
        light = np.kron(rng.random((6, 8, 3)), np.ones((4, 4, 1)))
        write_image(tmp_path / "photos" / f"p{number}.png", quantise(light * 0.9))
    (tmp_path / "r.toml").write_text(TOML.format(folder=tmp_path / "photos"))
    return load_recipe(tmp_path / "r.toml")


@pytest.fixture
def url() -> str:
    """A place in memory that no other test has used."""
    return f"memory://{uuid.uuid4().hex}/set"


def contents(place: Path | str) -> dict[str, bytes]:
    target = open_target(place)
    return {name: target.read(name) for name in target.files() - {".lock", "timings.jsonl"}}


@pytest.fixture
def whole(recipe, tmp_path) -> dict[str, bytes]:
    build(recipe, tmp_path / "folder", SERIAL)
    return contents(tmp_path / "folder")


def test_a_url_gets_the_bytes_of_a_folder(recipe, whole, url):
    summary = build(recipe, url, SERIAL)
    assert summary.made == 12 and summary.place == url
    assert contents(url) == whole
    assert verify(url).problems == [] and verify(url).notes == []
    again = build(recipe, url, SERIAL)
    assert (again.made, again.reused, again.hash) == (0, 12, summary.hash)


@pytest.mark.parametrize(
    ("engine", "package"),
    [("local", "fsspec"), pytest.param("dask", "distributed", marks=pytest.mark.slow)],
)
def test_other_processes_write_to_a_url(recipe, whole, tmp_path, engine, package):
    pytest.importorskip(package)
    url = (tmp_path / "remote").as_uri()
    assert isinstance(open_target(url), Remote)
    build(recipe, url, Resources(engine=engine, workers=2))
    assert contents(url) == whole
    assert verify(url).problems == []


def test_a_build_stopped_on_the_way_to_a_url_goes_on(recipe, whole, url, monkeypatch):
    write, written = Remote.write, []

    def fail_late(self, name, data):
        written.append(name)
        if len(written) > 20:
            raise PermissionError(13, "Permission denied", name)
        write(self, name, data)

    monkeypatch.setattr(Remote, "write", fail_late)
    with pytest.raises(TargetError, match="Permission denied"):
        build(recipe, url, SERIAL)
    monkeypatch.undo()
    summary = build(recipe, url, SERIAL)
    assert 0 < summary.reused < 12 and summary.reused + summary.made == 12
    assert contents(url) == whole


@pytest.mark.parametrize("name", ["scenes/p1/ev+0.tif", "luts", "manifest.jsonl"])
def test_harm_at_a_url_is_found_and_healed(recipe, whole, url, name):
    build(recipe, url, SERIAL)
    target = open_target(url)
    for victim in target.files(name) if name == "luts" else [name]:
        data = bytearray(target.read(victim))
        data[len(data) // 2] ^= 1
        target.write(victim, bytes(data))
    assert verify(url).problems
    build(recipe, url, SERIAL)
    assert contents(url) == whole


def test_a_url_of_something_else_is_left_alone(recipe, url):
    open_target(url).write("thesis.txt", b"x")
    with pytest.raises(RecipeError, match=r"is not empty and holds no dataset\.json"):
        build(recipe, url, SERIAL)
    with pytest.raises(ManifestError, match="is no data set"):
        verify(url)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("memory://x", "no other process can see it; use --engine serial"),
        ("carrier-pigeon://x", "Protocol not known"),
    ],
)
def test_a_url_that_cannot_be_used_is_one_line(recipe, url, message, capsys):
    assert main(["build", recipe.path, "-o", url]) == 2
    error = capsys.readouterr().err
    assert message in error and url in error and error.count("\n") == 1


def test_without_fsspec_a_url_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(PlaceError, match=r"memory://x: .*pip install 'tonebench\[remote\]'"):
        open_target("memory://x")


def test_whatever_a_file_system_raises_becomes_one_kind_of_error(url, monkeypatch):
    target = open_target(url)

    def fail(*_):
        raise RuntimeError("the token has\nexpired")

    monkeypatch.setattr(type(target._opened[0]), "cat_file", fail)
    with pytest.raises(OSError, match="RuntimeError the token has expired") as caught:
        target.read("a")
    assert caught.value.filename == f"{url}/a"


@pytest.mark.parametrize("kind", ["folder", "url"])
def test_both_kinds_answer_alike(kind, tmp_path, url):
    place = str(tmp_path) if kind == "folder" else url
    target = pickle.loads(pickle.dumps(open_target(place)))
    assert isinstance(target, Folder if kind == "folder" else Remote) and str(target) == place
    assert target.is_empty() and target.size("a/b") is None and target.files("a") == set()
    target.write("a/b", b"one")
    target.write("a/b", b"three")
    target.write("c", b"")
    assert (target.read("a/b"), target.size("a/b"), target.size("c")) == (b"three", 5, 0)
    assert target.files() == {"a/b", "c"} and target.files("a") == {"a/b"}
    with target.here(["a/b", "missing"]) as folder:
        assert (folder / "a/b").read_bytes() == b"three" and not (folder / "missing").exists()
    target.remove("c")
    target.remove("c")
    target.remove_tree("a")
    target.remove_tree("a")
    assert target.files() == set()
    with pytest.raises(FileNotFoundError):
        target.read("a/b")
