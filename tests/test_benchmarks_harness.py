"""The parts of the speed script that decide what it says."""

from __future__ import annotations

import json

import torch

from benchmarks.environment import _said, describe
from tests.speed.harness import covered, on_gpu, one_by_one


def test_overlapping_work_of_a_device_counts_once():
    assert covered([(5.0, 6.0), (0.0, 2.0), (1.0, 3.0), (1.5, 2.0)]) == 4.0
    assert covered([]) == 0.0


def test_the_plain_loop_scores_every_method_on_every_pair(tiny_data):
    assert one_by_one(tiny_data, ["gamma", "he_rgb"], 2, "cpu") == 4


def test_without_a_gpu_nothing_is_claimed_of_one(tiny_data, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    on_gpu(tiny_data, tmp_path, {"limit": 1, "jobs": 1})
    assert capsys.readouterr().out.startswith("no GPU")


def test_a_machine_is_described_in_full_and_as_json():
    about = json.loads(json.dumps(describe("cpu")))
    assert about["gpu"] is None
    assert about["cores"] >= 1
    assert about["memory_bytes"] is None or about["memory_bytes"] > 2**28
    assert about["versions"]["torch"] == torch.__version__


def test_a_program_that_is_not_there_says_nothing():
    assert _said("no-such-program-anywhere") is None
    assert _said("sh", "-c", "exit 3") is None
    assert _said("sh", "-c", "echo 570.1; echo more") == "570.1"
