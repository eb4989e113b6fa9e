"""Comparing runs: noise is not a regression, a real one is, and data sets are never mixed."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks.cli import main
from benchmarks.harness.rows import ROWS, RunError, to_line
from benchmarks.report.compare import compare

METRIC = "psnr@1(rgb,[0,1])[A]"


def make_run(folder, offset, dataset="a"):
    """Twelve scenes with two pairs each; `offset(i)` is added to the score of pair i."""
    folder.mkdir()
    lines = []
    for i in range(24):
        record = {
            "key": str(i), "method": "he_rgb", "sample": f"s{i}", "scene": f"scene{i // 2}",
            "ev": 0.0, "distortion": "none", "severity": 0.0, "mask": "circle", "expert": "auto",
            "coverage": {"A": 1.0}, "status": "ok", "seconds": 0.1,
            "values": {METRIC: 20.0 + i / 10 + offset(i)},
        }  # fmt: skip
        lines.append(to_line(record))
    (folder / ROWS).write_text("".join(lines))
    about = {
        "dataset": {"name": dataset, "hash": dataset * 64},
        "keys": [str(i) for i in range(24)],
        "methods": {"he_rgb": {"checkpoint": None}},
    }
    (folder / "run.json").write_text(json.dumps(about))
    return folder


def test_a_real_loss_is_found_and_has_exit_code_one(tmp_path, capsys):
    a = make_run(tmp_path / "a", lambda i: 0)
    b = make_run(tmp_path / "b", lambda i: -1 + 0.1 * (-1) ** i)
    (change,) = compare(a, b)
    assert change.difference == pytest.approx(-1)
    assert change.regressed
    assert main(["compare", str(a), str(b)]) == 1
    assert "**worse**" in capsys.readouterr().out
    assert main(["compare", str(b), str(a)]) == 0


def test_noise_is_not_a_regression(tmp_path, rng):
    noise = rng.normal(0, 1, 24)
    noise -= noise.mean() + 0.05
    changes = compare(
        make_run(tmp_path / "a", lambda i: 0), make_run(tmp_path / "b", lambda i: noise[i])
    )
    assert not any(change.regressed for change in changes)
    assert np.isclose(changes[0].difference, -0.05)


def test_runs_of_different_data_sets_are_refused(tmp_path):
    a, b = make_run(tmp_path / "a", lambda i: 0), make_run(tmp_path / "b", lambda i: 0, "b")
    with pytest.raises(RunError, match=r"runs of different data sets: a .* and b "):
        compare(a, b)
