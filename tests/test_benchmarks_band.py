"""The band metrics: a perfect fade is perfect, and every failure trips a column."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.conformance.band_failures import (
    COLUMNS,
    FAILURES,
    markdown,
    measure,
    settings,
    tripped,
)
from benchmarks.metrics import METRICS, Target, score_target

GOOD = ("ideal", "ideal + noise", "ideal, JPEG 95")


@pytest.fixture(scope="module")
def targets() -> list[Target]:
    return settings((192, 256))


@pytest.fixture(scope="module")
def table(targets) -> dict[str, dict[str, float]]:
    return measure(targets)


@pytest.mark.parametrize("output", FAILURES)
def test_every_failure_trips_a_column_and_no_good_fade_does(table, output):
    assert bool(tripped(table[output])) == (output not in GOOD), table[output]


def test_a_perfect_fade_has_the_values_the_definitions_promise(table):
    ideal = table["ideal"]
    assert ideal["span"] == pytest.approx(1, abs=1e-4)
    assert ideal["jump"] == pytest.approx(1, abs=1e-3)
    for name in ("ev_rmse", "edge99", "non_monotone", "overshoot", "profile_rmse"):
        assert ideal[name] == pytest.approx(0, abs=1e-3)


EXPECTED = {
    ("no-op", "span"): 0.0,
    ("global edit", "span"): 0.0,
    ("half strength", "span"): 0.5,
    ("half strength", "jump"): 0.5,
    ("no-op", "jump"): 0.0,
}


@pytest.mark.parametrize("cell", EXPECTED)
def test_known_cells_of_the_table(table, cell):
    output, column = cell
    assert table[output][column] == pytest.approx(EXPECTED[cell], abs=0.01)


def test_each_kind_of_fault_has_its_own_column(table):
    assert "overshoot" in tripped(table["dark ring"]) and "overshoot" in tripped(
        table["bright halo"]
    )
    assert "non_monotone" in tripped(table["ripple"])
    assert "jump" in tripped(table["8 bands"]) and "edge99" in tripped(table["hard cut at A"])
    assert "span" in tripped(table["leak of 30 px"])
    assert tripped(table["8 bands"]) == ["jump"]  # nothing else sees fine banding


def test_the_published_smoothness_loss_prefers_doing_nothing(table):
    """Why ranlen_gs is kept for reproduction only."""
    loss = {name: values["ranlen_gs"] for name, values in table.items()}
    assert loss["no-op"] < loss["half strength"] < loss["ideal"]
    assert loss["ideal + noise"] > loss["bright halo"]
    assert loss["dark ring"] == pytest.approx(loss["ideal"], rel=0.15)


def test_without_a_change_to_fade_there_is_no_value(targets):
    target = targets[0]
    same = Target(target.input.encoded, target.input.encoded, target.regions)
    values = score_target(same.ideal.encoded, same, names=COLUMNS)
    for name in ("span", "jump", "non_monotone", "overshoot", "profile_rmse", "edge99"):
        assert np.isnan(values[METRICS[name].region_id("B")])


def test_a_map_without_a_band_or_without_c_has_no_fade(targets):
    target = targets[0]
    for label in (1, 0):
        regions = target.regions.copy()
        regions[regions == label] = 2
        local = Target(target.reference.encoded, target.input.encoded, regions)
        values = score_target(local.ideal.encoded, local, names=["span", "edge99"])
        assert np.isnan(list(values.values())).all()


def test_the_table_is_printed_with_its_faults_in_bold(table):
    text = markdown(table)
    assert text.count("\n") == len(FAILURES) + 1
    row = next(line for line in text.splitlines() if line.startswith("| no-op"))
    assert "**0.00**" in row
    assert "**" not in next(line for line in text.splitlines() if line.startswith("| ideal |"))


@pytest.mark.slow
def test_the_documented_table_is_the_one_that_is_measured():
    """Cell by cell, with room for another processor's rounding."""
    page = (Path(__file__).parent.parent / "docs" / "metrics.md").read_text("utf-8")
    for output, values in measure().items():
        row = next(line for line in page.splitlines() if line.startswith(f"| {output} |"))
        cells = [float(cell.strip(" *")) for cell in row.split("|")[2:-1]]
        assert cells == pytest.approx(list(values.values()), abs=0.03)
