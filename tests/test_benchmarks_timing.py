"""The timing protocol, checked against work of known length."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
import torch

from benchmarks.cli import main
from benchmarks.cost import footprint, timing
from benchmarks.front import run
from benchmarks.methods import METHODS
from luts.tool.errors import UserError


def test_a_sleep_of_known_length_is_measured_as_such(monkeypatch):
    monkeypatch.setattr(timing, "SECONDS", 0.0)
    seconds, warm_ups = timing.measure(lambda: time.sleep(0.01), budget_s=1000.0)
    assert len(seconds) >= timing.RUNS
    assert warm_ups == timing.WARM_UPS
    assert (
        seconds.min() >= 0.01
    )  # a sleep never ends early; how late it ends is the machine's affair


def test_fast_calls_get_all_their_runs(monkeypatch):
    monkeypatch.setattr(timing, "SECONDS", 0.05)
    calls = []
    seconds, warm_ups = timing.measure(lambda: calls.append(1), budget_s=1000.0)
    assert len(seconds) >= timing.RUNS
    assert warm_ups == timing.WARM_UPS
    assert len(calls) >= timing.WARM_UPS + timing.RUNS


def test_flops_of_a_convolution_are_two_per_multiply_add():
    conv = torch.nn.Conv2d(3, 8, 3, padding=1)
    flops, uncounted = footprint.count_flops(lambda: conv(torch.zeros(1, 3, 10, 20)).tanh())
    assert flops == 2 * 3 * 8 * 9 * 10 * 20
    assert uncounted == ("tanh",)


def test_peak_memory_sees_a_large_array():
    peak, _ = footprint.peak_memory(lambda: np.ones(20_000_000).sum(), "cpu")
    if peak is None:
        pytest.skip("this system does not tell the peak of the resident set")
    assert peak > 100e6


def test_both_rows_of_a_method_are_there(monkeypatch):
    monkeypatch.setattr(timing, "SECONDS", 0.0)
    model, whole = timing.time_method("he_rgb", METHODS["he_rgb"], (32, 48), budget_s=0.2)
    assert (model.what, whole.what) == ("model", "file")
    row = model.row()
    assert row["p50_ms"] <= row["p90_ms"]
    assert row["images_per_s"] == pytest.approx(1e3 / row["p50_ms"])


@pytest.mark.parametrize(
    ("text", "size"), [("480p", (480, 720)), ("1MP", (1000, 1000)), ("1200x800", (800, 1200))]
)
def test_sizes_are_read_as_width_by_height(text, size):
    assert timing.parse_size(text) == size


@pytest.mark.parametrize("text", ["big", "0x10", "10x"])
def test_a_bad_size_is_refused(text):
    with pytest.raises(UserError, match=f"size '{text}': give WIDTHxHEIGHT or one of 256"):
        timing.parse_size(text)


def test_a_row_of_too_few_calls_says_so(monkeypatch):
    monkeypatch.setattr(timing, "SECONDS", 0.0)
    method = METHODS["he_rgb"]
    (row,) = timing.time_method("he_rgb", method, (32, 48), budget_s=1e-9, files=False)
    assert (row.row()["runs"] < timing.RUNS, row.row()["protocol"]) == (True, "reduced")
    (row,) = timing.time_method("he_rgb", method, (32, 48), budget_s=1000.0, files=False)
    assert row.row()["protocol"] == "full"


def test_what_a_run_scored_is_timed_once(tiny_data, tmp_path, capsys):
    run(tiny_data, ["he_rgb", "zero_dce+blend", "zero_dce"], tmp_path, limit=1, degree=None)
    arguments = ["--run", str(tmp_path), "--sizes", "64x48", "--budget", "0.05", "--no-files"]
    assert main(["time", *arguments]) == 0
    path = tmp_path / "timing" / "timing.csv"
    first = pd.read_csv(path)
    assert sorted(first["method"]) == ["he_rgb", "zero_dce"]
    assert first.set_index("method").loc["zero_dce", "flops"] > 0
    assert main(["time", *arguments]) == 0
    pd.testing.assert_frame_equal(pd.read_csv(path), first)
    assert main(["time", *arguments[:-3], "--budget", "0.06", "--no-files"]) == 0
    assert set(pd.read_csv(path)["key"]).isdisjoint(first["key"])
    assert "not timed" not in capsys.readouterr().err


def test_the_degree_reaches_the_model_that_is_timed(tiny_data, capsys):
    arguments = ["--sizes", "64x48", "--budget", "0.01", "--degree", "0.5"]
    assert main(["time", "--methods", "zero_dce", *arguments]) == 0
    assert main(["time", "--methods", "he_rgb", *arguments]) == 2
    assert "--degree: he_rgb is no model" in capsys.readouterr().err
