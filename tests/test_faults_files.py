"""Files that are no files, and folders of another user: one line each, and nothing hangs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import datagen
from datagen.dataset.read import open_dataset
from luts.tool.files import open_plain, read_plain, sha256_file

ROOT = Path(datagen.__file__).parent.parent
NOBODY = 65534
DROPPED = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
LIMIT = 200  # seconds after which a verb hangs


def verb(*words: object, before: tuple[str, ...] = (), **settings) -> tuple[int, str]:
    """Run one in a process of its own; returns its exit code and what it says of errors."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    env |= settings.pop("env", {})
    command = [*before, sys.executable, "-m", *map(str, words)]
    done = subprocess.run(command, env=env, capture_output=True, timeout=LIMIT, **settings)
    return done.returncode, done.stderr.decode()


def test_a_pipe_or_a_device_is_not_opened_to_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path / "link", Path("/dev/zero"), "/dev/null"):
        for read in (open_plain, read_plain, sha256_file):
            with pytest.raises(PermissionError, match="is a pipe or a device; give a plain file"):
                read(path)
    with pytest.raises(IsADirectoryError):
        open_plain(tmp_path)
    (tmp_path / "plain").write_bytes(b"abc")
    (tmp_path / "to plain").symlink_to("plain")
    assert read_plain(tmp_path / "to plain") == b"abc"


PIPES = {
    "recipe": ("datagen", "build", "pipe.toml", "-o", "out"),
    "look": ("luts", "apply", "pipe.toml", "photo.png", "-o", "out.png"),
    "lut": ("luts", "apply", "pipe.cube", "photo.png", "-o", "out.png"),
    "picture": ("luts", "apply", "candle", "pipe.png", "-o", "out.png"),
    "raw": ("datagen", "develop", "pipe.dng", "-o", "out"),
    "photo of a method": ("benchmarks", "apply", "gamma", "pipe.png", "-o", "out.png"),
    "weights": ("benchmarks", "adopt", "zero_dce", "pipe.pth", "--as", "mine"),
    "scene of light": ("datagen", "simulate", "pipe.exr", "-o", "out"),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", PIPES)
def test_a_pipe_given_to_a_verb_is_one_line(what, tiny_data, tmp_path):
    for suffix in ("toml", "cube", "png", "dng", "exr", "pth"):
        os.mkfifo(tmp_path / f"pipe.{suffix}")
    shutil.copy(next(tiny_data.rglob("scenes/*/ev*.png")), tmp_path / "photo.png")
    code, said = verb(*PIPES[what], cwd=tmp_path)
    assert code in (1, 2) and "pipe." in said and said.count("\n") == 1, said
    assert not list(tmp_path.rglob(".*part*"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dataset.json", "manifest.jsonl", "input"])
@pytest.mark.parametrize("do", ["verify", "stats", "preview", "pack", "run"])
def test_a_pipe_in_a_data_set_is_told(name, do, tiny_data, tmp_path):
    copy = tmp_path / "set"
    shutil.copytree(tiny_data, copy)
    path = copy / (open_dataset(copy).select(split="train")[0].input if name == "input" else name)
    path.unlink()
    os.mkfifo(path)
    if do == "run":
        words = ("benchmarks", "run", "--data", copy, "--out", tmp_path / "out")
        words += ("--methods", "gamma", "--split", "train", "--jobs", "1")
    else:
        out = () if do == "verify" else ("-o", tmp_path / f"out{'.html' * (do == 'preview')}")
        words = ("datagen", do, copy, *out)
    code, said = verb(*words)
    assert code in (1, 2) and "Traceback" not in said, said
    if do != "run":
        assert path.name in said or "pipe" in said, said


@pytest.mark.slow
@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root and setpriv"
)
def test_a_set_of_another_user_is_read_and_never_written(tiny_data, tmp_path):
    """Reads, and writes elsewhere; what would write there is refused.

    The set is given to another user and root's privileges are dropped, not the other way round:
    another user may not read this interpreter.
    """
    data, mine = tmp_path / "set", tmp_path / "mine"
    shutil.copytree(tiny_data, data)
    mine.mkdir()
    for path in (data, *data.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.chown(path, NOBODY, NOBODY)
    before = {path: path.stat().st_mtime_ns for path in data.rglob("*")}
    scored = ["--methods", "gamma", "--split", "train", "--jobs", "1"]
    bare = {"before": DROPPED, "cwd": mine, "env": {"HOME": ""}}
    for words in (
        ["datagen", "verify", data],
        ["datagen", "stats", data, "-o", mine / "stats"],
        ["datagen", "preview", data, "-o", mine / "page.html"],
        ["datagen", "pack", data, "-o", mine / "pack"],
        ["benchmarks", "run", "--data", data, "--out", mine / "run", *scored],
        ["benchmarks", "report", mine / "run"],
    ):
        code, said = verb(*words, **bare)
        assert code == 0, (words, said)
    for words in (
        ["datagen", "build", "demo", "-o", data],
        ["datagen", "preview", data],
        ["datagen", "pack", data, "-o", data / "pack"],
        ["benchmarks", "run", "--data", data, "--out", data / "run", *scored],
        ["benchmarks", "train", "zero_dce", "--data", data, "--out", data / "t", "--steps", "1"],
    ):
        code, said = verb(*words, **bare)
        assert (code, said.count("\n")) == (2, 1) and "Permission denied" in said, said
    assert {path: path.stat().st_mtime_ns for path in data.rglob("*")} == before
