"""The parts of the speed script that decide what it says."""

from __future__ import annotations

import torch

from benchmarks.speed.harness import covered, on_gpu, one_by_one


def test_overlapping_work_of_a_device_counts_once():
    assert covered([(5.0, 6.0), (0.0, 2.0), (1.0, 3.0), (1.5, 2.0)]) == 4.0
    assert covered([]) == 0.0


def test_the_plain_loop_scores_every_method_on_every_pair(tiny_data):
    assert one_by_one(tiny_data, ["gamma", "he_rgb"], 2, "cpu") == 4


def test_without_a_gpu_nothing_is_claimed_of_one(tiny_data, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    on_gpu(tiny_data, tmp_path, {"limit": 1, "jobs": 1})
    assert capsys.readouterr().out.startswith("no GPU")
