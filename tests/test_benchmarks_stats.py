"""Intervals that cover, tests that do not cry wolf, and views of rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.report.stats import holm, paired_test, scene_interval, summarise, tie_groups
from benchmarks.report.strata import by_expert, strata


def clustered(rng, scenes: int, rows: int, between: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Values of mean zero; a share between^2 / (between^2 + 1) of their variance is the scene's."""
    sizes = rng.integers(1, 2 * rows, scenes)
    names = np.repeat(np.arange(scenes), sizes)
    return rng.normal(0, between, scenes)[names] + rng.normal(0, 1, len(names)), names


@pytest.mark.slow
@pytest.mark.parametrize(("scenes", "between"), [(12, 1.3), (40, 1.3), (40, 0.0), (150, 0.5)])
def test_nominal_95_percent_intervals_cover_93_to_97_percent(rng, scenes, between):
    hits = 0
    for trial in range(2000):
        low, high = scene_interval(*clustered(rng, scenes, 10, between), resamples=1000, seed=trial)
        hits += low <= 0 <= high
    assert 0.93 <= hits / 2000 <= 0.97


def test_intervals_cover_and_independent_rows_would_not(rng):
    """A short form of the simulation: 300 trials have a standard error of 1.3 %."""
    hits = naive = 0
    for trial in range(300):
        values, scenes = clustered(rng, 30, 12, between=1.3)
        low, high = scene_interval(values, scenes, resamples=500, seed=trial)
        hits += low <= 0 <= high
        low, high = scene_interval(values, np.arange(len(values)), resamples=200, seed=trial)
        naive += low <= 0 <= high
    assert 0.91 <= hits / 300 <= 0.99
    assert naive / 300 < 0.7


@pytest.mark.parametrize("scenes", [8, 30])
def test_the_false_positive_rate_is_nominal(rng, scenes):
    alarms = 0
    for trial in range(600):
        values, names = clustered(rng, scenes, 6)
        p = paired_test(values, np.zeros_like(values), names, permutations=299, seed=trial)
        alarms += p <= 0.05
    assert alarms / 600 == pytest.approx(0.05, abs=0.028)  # three standard errors


def test_a_real_difference_is_found_and_the_order_of_methods_does_not_matter(rng):
    values, scenes = clustered(rng, 30, 5)
    other = values + rng.normal(0.5, 0.5, len(values))
    assert paired_test(values, other, scenes) < 0.01
    assert paired_test(values, other, scenes) == paired_test(other, values, scenes)


def test_few_scenes_are_enumerated_exactly():
    """Three scenes with differences 1, 2, 3: only the two uniform patterns are as extreme."""
    assert paired_test([1, 2, 3], [0, 0, 0], ["a", "b", "c"]) == 2 / 8
    assert paired_test([1, 2], [1, 2], ["a", "b"]) == 1


def test_holm_equals_statsmodels_printed_example():
    # statsmodels.stats.multitest.multipletests([0.01, 0.02, 0.03, 0.04, 0.5], method="holm")
    adjusted = holm([0.01, 0.02, 0.03, 0.04, 0.5])
    assert adjusted == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.5])
    assert holm([]).size == 0


def test_equal_methods_tie_and_a_worse_one_does_not(rng):
    base, scenes = clustered(rng, 40, 4)
    values = {
        "worse": base - 1 + rng.normal(0, 0.1, len(base)),
        "one": base + rng.normal(0, 0.1, len(base)),
        "two": base + rng.normal(0, 0.1, len(base)),
    }
    groups = tie_groups(values, scenes, higher_is_better=True)
    assert [sorted(group) for group in groups] == [["one", "two"], ["worse"]]
    assert tie_groups(values, scenes, higher_is_better=False)[0] == ["worse"]


def test_one_scene_has_no_interval_and_the_seed_decides():
    assert np.isnan(scene_interval([1.0, 2.0], ["a", "a"])).all()
    rows = np.arange(9.0) ** 2, list("abcdefghi")
    assert scene_interval(*rows) == scene_interval(*rows)
    assert scene_interval(*rows, seed=1) != scene_interval(*rows)


def test_a_summary_counts_what_is_missing_and_keeps_infinity_out_of_the_median():
    summary = summarise([30.0, np.nan, 40.0, np.inf], ["a", "a", "b", "c"])
    assert (summary.valid, summary.asked) == (3, 4)
    assert summary.mean == np.inf and summary.median == 40 and np.isnan(summary.low)
    assert summarise([np.nan], ["a"]).valid == 0


def test_values_that_cannot_be_averaged_are_refused():
    with pytest.raises(ValueError, match="1 of 2 values are NaN"):
        scene_interval([1.0, np.nan], ["a", "b"])
    with pytest.raises(ValueError, match="one length"):
        paired_test([1.0, 2.0], [1.0], ["a", "b"])
    with pytest.raises(ValueError, match="one scene per value"):
        scene_interval([1.0, 2.0], ["a"])


def test_rows_are_split_by_exposure_coverage_distortion_and_severity():
    rows = pd.DataFrame(
        {
            "ev": [-1.5, 0.0, 1.0],
            "coverage": [0.05, 0.3, 1.0],
            "distortion": ["none", "tint", "curve"],
            "severity": [0.0, 2.0, 30.0],
        },
        index=[7, 8, 9],
    )
    labels = {name: series.tolist() for name, series in strata(rows).items()}
    assert labels == {
        "ev": ["-1.5", "+0", "+1"],
        "exposure": ["under", "as shot", "over"],
        "coverage": ["0-10 %", "30-40 %", "90-100 %"],
        "distortion": ["none", "tint", "curve"],
        "severity": ["none", "2-5", "10 and more"],
    }
    assert strata(rows)["coverage"].index.tolist() == [7, 8, 9]


def test_every_expert_counts_alike_and_a_gap_is_shown():
    rows = pd.DataFrame(
        [
            ("he", "a", "psnr", "all", 20.0),
            ("he", "a", "psnr", "all", 22.0),
            ("he", "b", "psnr", "all", 11.0),
            ("lime", "a", "psnr", "all", 10.0),
            ("lime", "b", "psnr", "all", np.nan),
            ("he", "a", "ssim", "all", 0.5),
        ],
        columns=["method", "expert", "metric", "region", "value"],
    )
    table = by_expert(rows, "psnr", "all")
    assert table.columns.tolist() == ["a", "b", "mean"]
    assert table.loc["he"].tolist() == [21, 11, 16]
    assert np.isnan(table.loc["lime", "mean"])
