"""The leaderboard's methods, runs against some references, and how long a run would take."""

from __future__ import annotations

import re

import pytest

from benchmarks.cli import main
from benchmarks.harness.estimate import estimate
from benchmarks.harness.long_table import load_rows
from benchmarks.harness.plan import RunPlan
from benchmarks.harness.run import run
from benchmarks.methods import METHODS, MethodError, find_methods
from benchmarks.methods.leaderboard import LEADERBOARD
from benchmarks.report.write import write_report
from datagen.build.driver import Resources, build
from datagen.recipe.load import load_recipe


@pytest.fixture(scope="module")
def two_references(tmp_path_factory):
    small = ["render.evs=[-1.0, 1.0]", "render.long_edge=48", "source.limit=3", "distort=[]"]
    folder = tmp_path_factory.mktemp("two") / "data"
    build(load_recipe("demo", small), folder, Resources("serial", 1))
    return folder


def test_the_leaderboard_has_rows_of_every_sort_and_few_of_them():
    assert set(LEADERBOARD) <= set(METHODS) and len(LEADERBOARD) == len(set(LEADERBOARD)) <= 24
    kinds = {METHODS[name].kind for name in LEADERBOARD}
    assert kinds == {"classical", "model", "oracle"}
    assert "auto_exposure" in LEADERBOARD and "light_grid" in LEADERBOARD
    assert list(find_methods(["leaderboard"])) == list(LEADERBOARD)


def test_a_run_against_one_reference_goes_on_with_the_others(two_references, tmp_path):
    methods = ["auto_exposure", "gamma", "he_rgb", "oracle_gain"]
    first = run(RunPlan(two_references, methods, references=["fusion"]), tmp_path)
    assert set(load_rows(tmp_path)["expert"]) == {"fusion"}
    second = run(RunPlan(two_references, methods), tmp_path)
    assert (second.reused, second.asked) == (first.asked, 2 * first.asked)
    report = write_report(tmp_path)
    assert "References of the main tables: fusion. Against auto too" in report.text
    assert "PSNR A" in report.text and "rank correlation of auto and fusion" in report.text
    everything = load_rows(tmp_path)
    assert set(everything["expert"]) == {"auto", "fusion"}
    # The rule of one reference is far from the ceiling on the other, and near it on its own.
    means = everything[(everything["metric"] == "psnr") & (everything["region"] == "A")]
    means = means.groupby(["expert", "method"])["value"].mean()
    assert means["auto", "auto_exposure"] > means["fusion", "auto_exposure"] + 3


def test_a_reference_that_is_not_there_is_named(two_references, tmp_path):
    with pytest.raises(MethodError, match=r"--references fuson: .* has auto, fusion; did you mean"):
        run(RunPlan(two_references, ["gamma"], references=["fuson"]), tmp_path)


def test_a_run_is_estimated_before_it_starts(two_references, tmp_path, capsys):
    words = estimate(RunPlan(two_references, ["gamma", "he_rgb"]), tmp_path / "run")
    samples = re.fullmatch(
        r"about \d+ s for (\d+) evaluations of 4 methods in 1 processes \(most: .*\)", words
    )
    assert samples and not (tmp_path / "run").exists()
    run(RunPlan(two_references, ["gamma", "he_rgb"]), tmp_path / "run")
    asked = ["run", "--data", str(two_references), "--out", str(tmp_path / "run")]
    assert main([*asked, "--methods", "gamma", "--estimate"]) == 0
    assert "nothing is left to score" in capsys.readouterr().err
