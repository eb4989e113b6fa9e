"""Claims over seeds: both sides under equal terms, resumed, and read back as they were written."""

from __future__ import annotations

import itertools
import json
import math

import pytest
import torch

from benchmarks.cli import main
from benchmarks.methods.models import MODELS
from benchmarks.training import claims, state
from benchmarks.training.claims import CLAIMS, Arm, run_claims
from benchmarks.training.loop import train
from benchmarks.training.settings import streamed_settings_for

ROW = "highlight_shadow_gain"
SMALL = {
    "faithful": {
        "repaired": Arm(ROW),
        "as published": Arm(ROW, {"model_settings": {"faithful": True}}),
        "repaired, judged as published": Arm(
            ROW, weights_of="repaired", judged_as={"faithful": True}
        ),
    }
}


class Noise:
    """Pairs of noise: a picture and one twice as bright."""

    identity = "noise"

    def batches(self, settings, *, rank, world):
        return _Batches(self, settings)

    def validation(self, settings):
        yield self._batch(7), [{"ev": -1.0, "distorted": False}] * 2

    def facts(self):
        return {"name": "noise", "hash": "", "split": "train", "groups": [], "licences": []}

    def _batch(self, seed):
        generator = torch.Generator().manual_seed(seed)
        degraded = torch.rand(2, 3, 16, 24, generator=generator) / 2
        regions = torch.ones(2, 2, 16, 24)
        return {"degraded": degraded, "reference": 2 * degraded, "regions": regions}


class _Batches:
    def __init__(self, noise, settings):
        self.noise, self.settings = noise, settings

    def __len__(self):
        return self.settings.steps

    def __getitem__(self, step):
        return self.noise._batch(1000 * self.settings.seed + getattr(step, "step", step))


@pytest.fixture
def quick(monkeypatch):
    """Trainings of a few steps; returns the list of those that were begun."""
    begun = []

    def counted(settings, *args, **kwargs):
        begun.append(settings)
        ticks = itertools.count(0.0, 3.0)
        return train(settings, *args, **kwargs, clock=lambda: next(ticks))

    monkeypatch.setattr(claims, "train", counted)
    monkeypatch.setattr(state, "plot_losses", lambda *args: None)
    return begun


CHANGES = {"stages": (), "size": (16, 24), "batch": 2}


def test_both_sides_are_trained_under_equal_terms_and_not_again(quick, tmp_path):
    settings = {"seeds": 2, "minutes": 0.5, "changes": CHANGES, "say": lambda text: None}
    found = run_claims(Noise(), tmp_path, SMALL, **settings)
    assert [(s.seed, s.minutes) for s in quick] == [(0, 0.5), (0, 0.5), (1, 0.5), (1, 0.5)]
    assert [(one.arm, one.seed) for one in found] == [
        (arm, seed) for arm in SMALL["faithful"] for seed in (0, 1)
    ]
    assert run_claims(Noise(), tmp_path, SMALL, **settings) == found
    assert len(quick) == 4
    claims.write_outcomes(found, tmp_path / "all.csv")
    read = claims.read_outcomes(tmp_path / "all.csv")
    assert [(o.claim, o.arm, o.seed) for o in read] == [(o.claim, o.arm, o.seed) for o in found]
    assert read[0].measures["psnr"] == pytest.approx(found[0].measures["psnr"], abs=5e-4)
    own, judged = (
        found[SMALL_ORDER.index(n)] for n in ("repaired", "repaired, judged as published")
    )
    assert judged.seconds == own.seconds and judged.measures != own.measures


SMALL_ORDER = [arm for arm in SMALL["faithful"] for _ in (0, 1)]


def test_mean_and_spread_are_those_of_a_sample():
    assert claims.mean_and_spread([1.0, 2.0, 3.0]) == (2.0, 1.0)
    mean, spread = claims.mean_and_spread([4.0])
    assert mean == 4.0 and math.isnan(spread)
    with pytest.raises(claims.statistics.StatisticsError, match="at least one data point"):
        claims.mean_and_spread([])


@pytest.mark.parametrize("claim", CLAIMS)
def test_every_claim_has_sides_that_can_be_trained(claim):
    arms = CLAIMS[claim]
    assert len(arms) > 1
    for arm in arms.values():
        assert MODELS[arm.row].trained
        assert streamed_settings_for(arm.row, **dict(arm.settings)).model == arm.row
        assert not arm.weights_of or arms[arm.weights_of].row == arm.row
        assert (arm.against or next(iter(arms))) in arms


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--only", "ranlen-unet"], "ranlen-unet: no claim; there are ranlen-deep_upe"),
        (["--seeds", "0"], "--seeds and --minutes are positive, got 0, 2"),
    ],
)
def test_what_cannot_be_trained_is_one_line(words, said, tmp_path, capsys):
    assert main(["train-claims", "--out", str(tmp_path), *words]) == 2
    assert said in capsys.readouterr().err
    assert json.dumps(sorted(tmp_path.iterdir())) == "[]"


@pytest.mark.parametrize("row", ["star_dce", "light_grid"])
def test_sixteen_bits_are_used_where_they_help(row, monkeypatch, tmp_path):
    begun = []
    monkeypatch.setattr(claims, "_judge", lambda arm, settings, *rest: begun.append(settings))
    run_claims(Noise(), tmp_path, {"one": {row: Arm(row)}}, seeds=1, minutes=1, say=lambda t: None)
    assert [one.bfloat16_on_cpu for one in begun] == [row == "star_dce"]
