"""Comparing runs: noise is not a regression, a real one is, and data sets are never mixed."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from benchmarks.cli import main
from benchmarks.harness.rows import ROWS, Evaluation, RunError, to_line
from benchmarks.methods import MethodError
from benchmarks.report.compare import Change, compare, versus
from benchmarks.report.stats import permutations_for, smallest_p

METRIC = "psnr@1(rgb,[0,1])[A]"


def make_run(folder, offset, dataset="a", names=("he_rgb",), failing=()):
    """Twelve scenes with two pairs each; `offset(i)` is added to the score of pair i."""
    folder.mkdir()
    lines = []
    for name in names:
        for i in range(24):
            failed = i in failing
            row = Evaluation(
                key=f"{i}", method=name, sample=f"s{i}", group=f"scene{i // 2}",
                ev=0.0, distortion="none", severity=0.0, mask="circle", expert="auto",
                coverage={"A": 1.0}, status="ValueError: no" if failed else "ok", seconds=0.1,
                values={} if failed else {METRIC: 20.0 + i / 10 + offset(i)},
            )  # fmt: skip
            lines.append(to_line(row))
    (folder / ROWS).write_text("".join(lines))
    about = {
        "dataset": {"name": dataset, "hash": dataset * 64},
        "split": "test",
        "keys": [str(i) for i in range(24)],
        "methods": {name: {"checkpoint": None} for name in names},
    }
    (folder / "run.json").write_text(json.dumps(about))
    return folder


def test_a_real_loss_is_found_and_has_exit_code_one(tmp_path, capsys):
    a = make_run(tmp_path / "a", lambda i: 0)
    b = make_run(tmp_path / "b", lambda i: -1 + 0.1 * (-1) ** i)
    (change,) = compare(a, b).changes
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
    ).changes
    assert not any(change.regressed for change in changes)
    assert np.isclose(changes[0].difference, -0.05)


def test_runs_of_different_data_sets_are_refused(tmp_path):
    a, b = make_run(tmp_path / "a", lambda i: 0), make_run(tmp_path / "b", lambda i: 0, "b")
    with pytest.raises(RunError, match=r"runs of different data sets: a .* and b "):
        compare(a, b)


def test_a_method_that_is_gone_or_fails_is_a_loss(tmp_path, capsys):
    a = make_run(tmp_path / "a", lambda i: 0, names=("he_rgb", "gamma"))
    gone = make_run(tmp_path / "gone", lambda i: 0)
    assert compare(a, gone).losses == ["gamma: gone"]
    assert main(["compare", str(a), str(gone)]) == 1
    assert "gamma: gone" in capsys.readouterr().err
    failed = make_run(tmp_path / "f", lambda i: 0, names=("he_rgb", "gamma"), failing=range(20))
    found = compare(a, failed)
    assert found.losses[0] == "he_rgb: 4 pairs instead of 24: 20 failed, ValueError: no"
    assert {c.pairs for c in found.changes} == {4}
    assert main(["compare", str(failed), str(a)]) == 0


def test_pairs_that_were_lost_count_whatever_else_works_now(tmp_path):
    a = make_run(tmp_path / "a", lambda i: 0, failing=[0])
    b = make_run(tmp_path / "b", lambda i: 0, failing=[1])
    assert compare(a, b).losses == ["he_rgb: 22 pairs instead of 23: 1 failed, ValueError: no"]


def test_numbers_that_are_none_any_more_are_a_loss(tmp_path):
    a, b = make_run(tmp_path / "a", lambda i: 0), make_run(tmp_path / "b", lambda i: math.nan)
    found = compare(a, b)
    assert found.losses == ["he_rgb: fewer numbers than before of psnr A"]
    assert found.regressed and not compare(b, a).regressed


def test_whatever_was_measured_is_compared(tmp_path, monkeypatch):
    monkeypatch.setattr(f"{__name__}.METRIC", "psnr_y@1(bt601,[16/255,235/255])[A]")
    a, b = make_run(tmp_path / "a", lambda i: 0), make_run(tmp_path / "b", lambda i: -1)
    (change,) = compare(a, b).changes
    assert change.metric == "psnr_y" and change.regressed
    with pytest.raises(MethodError, match="give two methods, got 'he_rgb' twice"):
        versus(a, "he_rgb", "he_rgb")
    both = make_run(tmp_path / "both", lambda i: 0, names=("he_rgb", "gamma"))
    assert [c.metric for c in versus(both, "he_rgb", "gamma")[0]] == ["psnr_y"]


def test_identical_rows_are_no_tests_and_permutations_grow_with_those_that_are(tmp_path):
    names = [f"m{i}" for i in range(60)]
    a = make_run(tmp_path / "a", lambda i: 0, names=names)
    same = compare(a, make_run(tmp_path / "b", lambda i: 0, names=names))
    assert all(math.isnan(change.p_value) for change in same.changes) and not same.regressed
    assert permutations_for(1) == 9999
    # As many tests as the project's own bench has: the smallest p that Holm leaves must be small.
    assert 511 * smallest_p(20, permutations_for(511)) < 0.01
    worse = compare(a, make_run(tmp_path / "c", lambda i: -10 - i % 3, names=names))
    assert len(worse.changes) == 60 and all(change.regressed for change in worse.changes)


def test_what_the_data_cannot_show_is_said(tmp_path, capsys):
    def cut(folder):  # three scenes
        lines = (folder / ROWS).read_text().splitlines(keepends=True)[:6]
        (folder / ROWS).write_text("".join(lines))
        return folder

    a, b = cut(make_run(tmp_path / "a", lambda i: 0)), cut(make_run(tmp_path / "b", lambda i: -9))
    found = compare(a, b)
    assert "3 scenes and 1 rows that differ" in found.power
    main(["compare", str(a), str(b)])
    assert "power: " in capsys.readouterr().err


def test_two_methods_of_a_run_are_tested_against_each_other(tmp_path, capsys):
    run = make_run(tmp_path / "a", lambda i: 0, names=("he_rgb", "gamma"))
    lines = [json.loads(line) for line in (run / ROWS).read_text().splitlines()]
    for line in lines[24:]:
        line["values"][METRIC] += 1 + 0.1 * (int(line["key"]) % 3 - 1)
    (run / ROWS).write_text("".join(json.dumps(line) + "\n" for line in lines))
    (change,), intervals = versus(run, "he_rgb", "gamma")
    low, high = intervals["psnr", "A"]
    assert change.difference == pytest.approx(1.0) and low < 1.0 < high
    assert change.p_value < 0.01
    assert main(["compare", str(run), "--methods", "he_rgb", "gamma"]) == 0
    assert "| +1 |" in capsys.readouterr().out
    assert main(["compare", str(run), "--methods", "he_rgb", "unet"]) == 2
    assert "'unet' was not scored" in capsys.readouterr().err


def test_what_another_machine_moves_is_no_loss():
    moved = Change("lime", "psnr", "A", 18.0, 18.0 - 0.0005, 40, 1e-6)
    lost = Change("lime", "psnr", "A", 18.0, 18.0 - 0.02, 40, 1e-6)
    assert not moved.regressed and lost.regressed
