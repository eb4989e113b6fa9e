"""Two trainings into one folder at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import datagen
from benchmarks.cli import main
from luts.tool.files import locked

ROOT = Path(datagen.__file__).parent.parent
LIMIT = 300  # seconds after which a verb hangs


def training(data: Path, out: Path) -> list[str]:
    small = ["--set", "crop=32", "--set", "batch=2", "--set", "validate_every=4"]
    return ["train", "zero_dce", "--data", str(data), "--out", str(out), "--steps", "12", *small]


def start(words: list[str]) -> subprocess.Popen:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "benchmarks", *words]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def weights(out: Path) -> list[bytes]:
    return [(out / f"{name}.safetensors").read_bytes() for name in ("best", "last")]


@pytest.mark.slow
def test_two_trainings_at_once_end_in_the_weights_of_one(tiny_data, tmp_path):
    alone = start(training(tiny_data, tmp_path / "alone"))
    _, said = alone.communicate(timeout=LIMIT)
    assert alone.returncode == 0, said
    both = [start(training(tiny_data, tmp_path / "out")) for _ in range(2)]
    codes = []
    for process in both:
        _, said = process.communicate(timeout=LIMIT)
        codes.append(process.returncode)
        if process.returncode:
            assert process.returncode == 2 and said.count(b"\n") == 1, said
            words = (b"another training is at work here", b"holds an earlier training")
            assert any(word in said for word in words), said
    assert 0 in codes
    assert weights(tmp_path / "out") == weights(tmp_path / "alone")


def test_a_second_training_is_refused_while_the_first_one_works(tiny_data, tmp_path, capsys):
    with locked(tmp_path / "out" / ".lock"):
        assert main(training(tiny_data, tmp_path / "out")) == 2
    said = capsys.readouterr().err
    assert "another training is at work here; wait for it" in said and said.count("\n") == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".lock"]
