"""benchmarks.training.loop: batches, resuming, validation, bad losses, two processes."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import benchmarks.training.loop
from benchmarks.cli import main
from benchmarks.methods.method import Method
from benchmarks.methods.models import MODELS, ModelError, build
from benchmarks.methods.models.cards import training_of
from benchmarks.methods.models.output import Output
from benchmarks.methods.models.trained import checkpoints
from benchmarks.training.batches import Batches
from benchmarks.training.loop import _average, learning_rate, make_optimiser, train
from benchmarks.training.losses import LOSSES
from benchmarks.training.material import Stored
from benchmarks.training.settings import Training, TrainingError, settings_for
from benchmarks.training.validate import validate, validation_rows
from datagen.dataset.manifest import MANIFEST, dump_row, read_rows
from datagen.dataset.read import load_pair, open_dataset

MODEL = "zero_dce_pp+ranlen"  # small, and has batch statistics that a resume must not lose


@pytest.fixture(scope="module")
def data(tiny_data, tmp_path_factory) -> Path:
    """The shared tiny data set; one of its two training scenes is there to validate on."""
    folder = tmp_path_factory.mktemp("data") / "tiny"
    shutil.copytree(tiny_data, folder)
    rows = [row for row in read_rows(folder / MANIFEST) if row.split != "val"]
    moved = max(row.scene for row in rows if row.split == "train")
    rows = [dataclasses.replace(row, split="val") if row.scene == moved else row for row in rows]
    (folder / MANIFEST).write_bytes(b"".join(map(dump_row, rows)))
    return folder


class Gain(nn.Module):
    """One number, with a loss of its own."""

    OWN_LOSS = True

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(()))

    def forward(self, images, regions=None, reference=None):
        image = self.gain * images
        terms = None if reference is None else {"own": (image - reference).square().mean()}
        return Output(image, terms=terms)


@pytest.fixture
def own_loss(monkeypatch) -> str:
    """The name of a model that brings its loss."""
    method = Method(f"{__name__}:Gain", "model", "one gain", parameters=1, trained=True)
    monkeypatch.setitem(MODELS, "gain", method)
    return "gain"


def quick(model=MODEL, **changes) -> Training:
    small = {"steps": 6, "validate_every": 3, "validate_images": 1, "batch": 2, "crop": 32}
    return settings_for(model, **small | changes)


def losses(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "losses.jsonl").read_text().splitlines()]


# Batches


def test_a_batch_depends_on_seed_and_step_only(data):
    dataset = open_dataset(data)
    forward = [Batches(dataset, quick())[step] for step in (0, 1, 2)]
    batches = Batches(dataset, quick())
    for step in (2, 0, 1):
        again = batches[step]
        assert all(torch.equal(again[name], forward[step][name]) for name in again)
    other = Batches(dataset, quick(seed=1))[0]
    assert not torch.equal(other["degraded"], forward[0]["degraded"])


def test_processes_share_a_batch_without_overlap(data):
    dataset, settings = open_dataset(data), quick(batch=4)
    whole = Batches(dataset, settings)[1]["degraded"]
    parts = [Batches(dataset, settings, rank=r, world=2)[1]["degraded"] for r in (0, 1)]
    assert torch.equal(whole[0::2], parts[0])
    assert torch.equal(whole[1::2], parts[1])


def test_crops_of_input_reference_and_regions_are_aligned(data):
    dataset = open_dataset(data)
    pairs = [load_pair(dataset, row) for row in dataset.select(split="train")]
    batch = Batches(dataset, quick(batch=2))[0]
    for degraded, reference, regions in zip(*batch.values(), strict=True):
        assert sum(_holds(pair, degraded, reference, regions) for pair in pairs) == 1
    assert batch["regions"].shape == (2, 2, 32, 32)


def _holds(pair, degraded, reference, regions) -> bool:
    """Whether all three crops come from one window of the pair, flipped alike."""
    a = (pair.regions == 2).astype(np.float32)
    side = degraded.shape[-1]
    for flips in ([], [0], [1], [0, 1]):
        crops = [np.flip(x.permute(1, 2, 0).numpy(), flips) for x in (degraded, reference)]
        mask = np.flip(regions[0].numpy(), flips)
        for top in range(pair.regions.shape[0] - side + 1):
            for left in range(pair.regions.shape[1] - side + 1):
                w = (slice(top, top + side), slice(left, left + side))
                if np.array_equal(pair.degraded[w], crops[0]):
                    return np.array_equal(pair.reference[w], crops[1]) and np.array_equal(
                        a[w], mask
                    )
    return False


def test_only_training_scenes_are_trained_on(data):
    batches = Batches(open_dataset(data), quick())
    assert {row.split for row in batches.rows} == {"train"}


def test_data_that_cannot_fill_a_batch_is_refused(data):
    dataset = open_dataset(data)
    with pytest.raises(TrainingError, match="2 images are smaller than the crop of 33"):
        Batches(dataset, quick(crop=33))
    with pytest.raises(TrainingError, match="does not divide over 2"):
        Batches(dataset, quick(batch=3), world=2)
    empty = dataclasses.replace(dataset, rows=dataset.rows[:0])
    with pytest.raises(TrainingError, match="no sample in split 'train'"):
        Batches(empty, quick())


def test_a_data_set_without_a_val_split_is_refused_before_training(tiny_data, tmp_path):
    shutil.copytree(tiny_data, tmp_path / "data")
    rows = [row for row in read_rows(tiny_data / MANIFEST) if row.split != "val"]
    (tmp_path / "data" / MANIFEST).write_bytes(b"".join(map(dump_row, rows)))
    with pytest.raises(TrainingError, match="no sample in split 'val'"):
        train(quick(), tmp_path / "data", tmp_path / "out", device="cpu", progress=pytest.fail)


# Settings


@pytest.mark.parametrize("name", [n for n in MODELS if MODELS[n].trained])
def test_every_trainable_model_has_a_recipe_with_a_known_loss(name):
    assert training_of(name)
    assert settings_for(name).loss in LOSSES


def test_settings_that_cannot_work_are_refused():
    with pytest.raises(TrainingError, match="unknown setting 'epochs'"):
        settings_for("zero_dce", epochs=3)
    with pytest.raises(TrainingError, match="optimiser must be one of adam, adamw, sgd"):
        settings_for("zero_dce", optimiser="lion")
    with pytest.raises(TrainingError, match="steps must be positive"):
        settings_for("zero_dce", steps=0)
    with pytest.raises(TrainingError, match="loss must be one of"):
        settings_for("zero_dce", loss="l3")
    with pytest.raises(TrainingError, match="crop must be a whole number, got 'big'"):
        settings_for("zero_dce", crop="big")
    with pytest.raises(TrainingError, match="lr must be a number, got True"):
        settings_for("zero_dce", lr=True)
    with pytest.raises(TrainingError, match="region_weights are those of A, B and C"):
        settings_for("zero_dce", region_weights=(1, 2))
    with pytest.raises(TrainingError, match="seed must not be negative"):
        settings_for("zero_dce", seed=-1)
    with pytest.raises(TrainingError, match="has no parameters to train"):
        settings_for("highlight_shadow_gaussian")
    with pytest.raises(ModelError, match="nearest: zero_dce"):
        settings_for("zero_dec")


def test_the_cosine_schedule_falls_from_lr_to_nothing():
    settings = Training("unet", lr=2.0, steps=100, schedule="cosine")
    rates = [learning_rate(settings, step) for step in range(101)]
    assert rates[0] == 2
    assert rates[50] == pytest.approx(1)
    assert rates[100] == pytest.approx(0)
    assert rates == sorted(rates, reverse=True)


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_optimisers_leave_frozen_parameters_alone(name):
    optimiser = make_optimiser(build("star_dce"), quick("star_dce", optimiser=name))
    assert sum(p.numel() for p in optimiser.param_groups[0]["params"]) == 11_112


# Runs


@pytest.mark.parametrize("model", [MODEL, "gain"])
def test_a_resumed_run_repeats_the_uninterrupted_one_exactly(data, tmp_path, own_loss, model):
    settings = quick(model, ema=0.9)
    train(settings, data, tmp_path / "whole", device="cpu")

    class StopEarlyError(Exception):
        pass

    def stop(steps, loss):
        if steps == 5:  # after the state of step 3 was kept
            raise StopEarlyError

    with pytest.raises(StopEarlyError):
        train(settings, data, tmp_path / "cut", device="cpu", progress=stop)
    train(settings, data, tmp_path / "cut", device="cpu", resume=True)
    assert losses(tmp_path / "cut") == losses(tmp_path / "whole")
    ours, theirs = (load_file(tmp_path / run / "last.safetensors") for run in ("cut", "whole"))
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


def test_a_run_leaves_weights_record_losses_and_a_picture(data, tmp_path):
    record = train(quick(), data, tmp_path, device="cpu")
    assert {p.name for p in tmp_path.iterdir()} == {
        *("best.json", "best.safetensors", "last.json", "last.safetensors"),
        *("losses.jsonl", "losses.png", "scores.jsonl", "state.pt"),
    }
    assert record["data"]["hash"] == open_dataset(data).hash
    assert record["training"] == dataclasses.asdict(quick())
    assert record["validation"]["images"] == 1
    assert [row["step"] for row in losses(tmp_path)] == [1, 2, 3, 4, 5, 6]
    for row in losses(tmp_path):
        terms = {name: value for name, value in row.items() if name not in ("step", "loss")}
        assert row["loss"] == pytest.approx(sum(terms.values()))


def test_a_model_may_bring_its_own_loss(data, tmp_path, own_loss):
    train(quick(own_loss, lr=0.05), data, tmp_path, device="cpu")
    history = losses(tmp_path)
    assert all(set(row) == {"step", "loss", "own"} for row in history)
    gain = load_file(tmp_path / "last.safetensors")["gain"].item()
    assert gain != 1
    batch = Batches(open_dataset(data), quick(own_loss))[0]
    expected = (batch["degraded"] - batch["reference"]).square().mean().item()
    assert history[0]["own"] == pytest.approx(expected, rel=1e-5)


def test_resuming_something_else_is_refused(data, tmp_path):
    with pytest.raises(TrainingError, match="nothing to resume from"):
        train(quick(), data, tmp_path, device="cpu", resume=True)
    train(quick(steps=1), data, tmp_path, device="cpu")
    with pytest.raises(TrainingError, match="other settings: lr was"):
        train(quick(steps=2, lr=1.0), data, tmp_path, device="cpu", resume=True)


def test_a_loss_that_is_not_finite_stops_and_keeps_the_batch(data, tmp_path, monkeypatch):
    def broken(*args):
        return {"l1": torch.tensor(1.0), "colour": torch.tensor(float("nan"))}

    monkeypatch.setattr(benchmarks.training.loop, "loss_terms", broken)
    with pytest.raises(TrainingError, match="step 0: colour is not finite; the batch is in"):
        train(quick(), data, tmp_path, device="cpu")
    kept = load_file(tmp_path / "bad_batch_0.safetensors")
    expected = Batches(open_dataset(data), quick())[0]
    assert all(torch.equal(kept[name], expected[name]) for name in expected)


class Answer(nn.Module):
    """Knows what it is asked for."""

    def __init__(self, images):
        super().__init__()
        self.images = images

    def forward(self, degraded, regions):
        return Output(self.images)


def test_validation_judges_global_models_everywhere_and_local_ones_by_region(data):
    dataset = open_dataset(data)
    pair = load_pair(dataset, dataset.select(split="val")[0])
    degraded, reference = (
        torch.from_numpy(x).permute(2, 0, 1)[None] for x in (pair.degraded, pair.reference)
    )

    def scored(answer, model):
        settings = quick(model)
        return validate(Answer(answer), Stored(dataset).validation(settings), settings, "cpu")

    perfect = scored(reference, "zero_dce")
    assert perfect["score"] == perfect["pooled"] == perfect["A"] > 90
    assert perfect["images"] == 1
    assert perfect["psnr"] == perfect["A"]
    untouched, everything = scored(degraded, MODEL), scored(reference, MODEL)
    assert untouched["C"] > 90 > 40 > untouched["A"]
    assert everything["A"] > 90 > 40 > everything["C"]
    mse = np.square(pair.degraded - pair.reference)[pair.regions == 2].mean()
    assert untouched["A"] == pytest.approx(-10 * np.log10(mse), abs=1e-3)
    errors = [10 ** (-untouched[region] / 10) for region in "ABC" if region in untouched]
    assert untouched["score"] == pytest.approx(-10 * np.log10(np.mean(errors)), abs=1e-3)


def test_the_command_trains_and_installs(data, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(checkpoints, "WEIGHTS", tmp_path / "weights")
    words = ["train", "highlight_shadow_gain", "--data", str(data), "--out", str(tmp_path / "run")]
    settings = ["--steps", "2", "--set", "crop=32", "--set", "batch=2", "--set", "optimiser=sgd"]
    assert main([*words, *settings, "--device", "cpu", "--install"]) == 0
    installed = Path(capsys.readouterr().out.strip())
    assert installed == tmp_path / "weights" / "highlight_shadow_gain.safetensors"
    _, record = checkpoints.load("highlight_shadow_gain", tmp_path / "weights")
    assert record.training.facts["optimiser"] == "sgd"
    assert main([*words, "--set", "crop"]) == 2
    assert "KEY=VALUE" in capsys.readouterr().err


def test_a_device_that_is_not_there_is_refused(data, tmp_path):
    with pytest.raises(TrainingError, match="device 'cuda:99' cannot be used"):
        train(quick(), data, tmp_path, device="cuda:99")
    with pytest.raises(TrainingError, match="device 'gpu' cannot be used"):
        train(quick(), data, tmp_path, device="gpu")


@pytest.mark.gpu
def test_mixed_precision_trains_on_a_gpu(data, tmp_path):
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    record = train(quick("zero_dce", steps=2), data, tmp_path, device="cuda")
    assert record["device"] == torch.cuda.get_device_name()
    assert all(np.isfinite(row["loss"]) for row in losses(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("model", ["zero_dce_pp", "retinexnet_small"])
def test_two_processes_train_as_one(data, tmp_path, model):
    """DistributedDataParallel on gloo: the same losses as one process with the whole batch."""
    settings = ["--steps", "4", "--set", "crop=32", "--set", "batch=2", "--set", "validate_every=4"]
    words = ["train", model, "--data", str(data), *settings, "--device", "cpu"]
    assert main([*words, "--out", str(tmp_path / "one")]) == 0
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    subprocess.run(
        [*launch, "-m", "benchmarks", *words, "--out", str(tmp_path / "two")],
        check=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        timeout=300,
    )
    ours, theirs = (load_file(tmp_path / run / "last.safetensors") for run in ("one", "two"))
    for key, value in ours.items():
        torch.testing.assert_close(theirs[key], value, atol=1e-5, rtol=1e-3)


def test_validation_meets_every_exposure_of_a_manifest_that_repeats_them():
    rows = [SimpleNamespace(id=str(i), ev=i % 10) for i in range(400)]
    dataset = SimpleNamespace(select=lambda split: rows)
    chosen = validation_rows(dataset, quick(validate_images=40))
    assert len(chosen) == 40
    assert {row.ev for row in chosen} == set(range(10))
    assert chosen == validation_rows(dataset, quick("unet", validate_images=40))


def test_whole_numbers_are_not_averaged():
    model = torch.nn.Linear(2, 2)
    model.register_buffer("digest", torch.tensor([7, 200, 255], dtype=torch.uint8))
    average = _average(model, 0.9)
    for step in range(5):
        torch.nn.init.constant_(model.weight, float(step))
        average.update_parameters(model)
    assert average.module.digest.tolist() == [7, 200, 255]
    assert 0 < average.module.weight[0, 0] < 4
