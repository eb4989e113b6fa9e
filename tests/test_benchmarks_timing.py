"""The timing protocol, checked against work of known length."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch

from benchmarks import timing
from luts.command import UserError


def test_a_sleep_of_known_length_is_measured_as_such():
    seconds = timing.measure(lambda: time.sleep(0.02), budget_s=1.0)
    assert len(seconds) > 1
    assert (
        seconds.min() >= 0.02
    )  # a sleep never ends early; how late it ends is the machine's affair


def test_fast_calls_get_all_their_runs():
    calls = []
    seconds = timing.measure(lambda: calls.append(1), budget_s=0.05)
    assert len(seconds) >= timing.RUNS
    assert len(calls) >= timing.WARM_UPS + timing.RUNS


def test_flops_of_a_convolution_are_two_per_multiply_add():
    conv = torch.nn.Conv2d(3, 8, 3, padding=1)
    flops, uncounted = timing.count_flops(lambda: conv(torch.zeros(1, 3, 10, 20)).tanh())
    assert flops == 2 * 3 * 8 * 9 * 10 * 20
    assert uncounted == ("tanh",)


def test_peak_memory_sees_a_large_array():
    peak, _ = timing.peak_memory(lambda: np.ones(20_000_000).sum(), "cpu")
    if peak is None:
        pytest.skip("this system does not tell the peak of the resident set")
    assert peak > 100e6


def test_both_rows_of_a_method_are_there(monkeypatch):
    monkeypatch.setattr(timing, "SECONDS", 0.0)
    model, whole = timing.time_method("he_rgb", (32, 48), budget_s=0.2)
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
