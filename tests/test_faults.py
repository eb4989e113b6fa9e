"""What goes wrong around a verb: kills, two at once, vanishing folders, changed sources."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import datagen
from datagen.build.driver import Resources, build
from datagen.cli import main
from datagen.images.codes import quantise
from datagen.images.files import write_image

ROOT = Path(datagen.__file__).parent.parent
SERIAL = Resources(engine="serial")
TOML = """
name = "tiny"
[source]
folder = "{folder}"
licence = "CC0-1.0"
[render]
evs = [-1, 0, 1]
[[distort]]
families = ["tone"]
severity = [2, 6]
pool = 2
lut_size = 5
"""


def source(folder: Path, count: int = 6) -> Path:
    """Photos and a recipe; returns the recipe's path."""
    for number in range(count):
        light = np.random.default_rng(number).random((6, 8, 3))
        picture = quantise(np.kron(light, np.ones((8, 8, 1))) * 0.8)
        write_image(folder / "photos" / f"p{number}.png", picture)
    path = folder / "r.toml"
    path.write_text(TOML.format(folder=folder / "photos"), encoding="utf-8")
    return path


def start(*words: object, cwd: Path = ROOT, **settings) -> subprocess.Popen:
    command = [sys.executable, "-m", "datagen", *map(str, words)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), **settings.pop("env", {})}
    return subprocess.Popen(
        command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **settings
    )


def finished(*words: object, **settings) -> int:
    """Run a verb to its end; returns its exit code."""
    process = start(*words, **settings)
    process.communicate(timeout=300)
    return process.returncode


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (".lock", "timings.jsonl", "stats.png")
    }


@pytest.mark.slow
def test_an_output_folder_that_vanishes_is_one_line(tmp_path):
    recipe = source(tmp_path, 40)
    process = start("build", recipe, "-o", tmp_path / "out", "-j", "2")
    deadline = time.monotonic() + 60
    while not list((tmp_path / "out").glob("scenes/*/*.png")) and time.monotonic() < deadline:
        time.sleep(0.02)
    (tmp_path / "out").rename(tmp_path / "elsewhere")
    _, said = process.communicate(timeout=120)
    assert process.returncode in (0, 2) and b"Traceback" not in said
    build(recipe, tmp_path / "fresh", SERIAL)
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
    (tmp_path / "elsewhere").rename(tmp_path / "out")
    assert finished("build", recipe, "-o", tmp_path / "out") == 0
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


def test_a_source_that_changed_before_a_resume_is_said(tmp_path, capsys):
    recipe = source(tmp_path, 2)
    build(recipe, tmp_path / "out", SERIAL)
    write_image(tmp_path / "photos" / "p1.png", np.full((48, 64, 3), 90, np.uint8))
    (tmp_path / "out" / "scenes" / "p1" / "ev+0.png").unlink()
    assert main(["build", str(recipe), "-o", str(tmp_path / "out"), "--engine", "serial"]) == 0
    said = capsys.readouterr().err
    assert "note: p1: its source file has changed since" in said and "p0:" not in said
    build(recipe, tmp_path / "fresh", SERIAL)
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


@pytest.mark.parametrize("harm", ["nothing", "cut", "zeros", "garbage", "folder"])
@pytest.mark.parametrize("name", ["manifest.jsonl", "dataset.json", "timings.jsonl"])
def test_a_damaged_state_is_mended_or_one_line(name, harm, tmp_path, capsys):
    recipe = source(tmp_path, 2)
    out = tmp_path / "out"
    build(recipe, out, SERIAL)
    whole, path = contents(out), out / name
    data = path.read_bytes()
    match harm:
        case "nothing":
            path.write_bytes(b"")
        case "cut":
            path.write_bytes(data[: len(data) // 2])
        case "zeros":
            path.write_bytes(data[:-200] + bytes(300))
        case "garbage":
            path.write_bytes(np.random.default_rng(0).bytes(5000))
        case "folder":
            path.unlink()
            path.mkdir()
    code = main(["build", str(recipe), "-o", str(out), "--engine", "serial"])
    said = capsys.readouterr().err
    if code == 2:
        assert said.count("\n") == 1 and name in said
        return
    assert code == 0 and contents(out) == whole


@pytest.mark.slow
def test_odd_places_and_a_bare_environment(tmp_path):
    """Spaces and other letters in paths, no HOME, the C locale, files for the owner alone."""
    folder = tmp_path / "mit Ä und ' leer"
    recipe = source(folder, 2)
    bare = {"HOME": "", "LC_ALL": "C", "TMPDIR": str(tmp_path / "nowhere"), "LANG": ""}
    before = os.umask(0o077)
    try:
        for words in (
            ["build", recipe, "-o", folder / "set"],
            ["verify", folder / "set"],
            ["stats", folder / "set", "-o", folder / "stats"],
            ["preview", folder / "set"],
            ["pack", folder / "set", "-o", folder / "pack"],
        ):
            process = start(*words, env=bare)
            _, said = process.communicate(timeout=120)
            assert process.returncode == 0, said
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o077 for path in (folder / "set").rglob("*")}
    assert modes == {0}


def test_no_clock_that_can_be_set_back_is_asked():
    for path in (ROOT / "datagen").rglob("*.py"):
        assert not re.search(r"\btime\.time\(|datetime\.now\(", path.read_text("utf-8")), path
