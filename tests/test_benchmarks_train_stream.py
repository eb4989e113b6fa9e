"""Training on streams, by the clock, in rounds; and what is refused in a line."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from benchmarks.cli import main
from benchmarks.methods.models import MODELS, build
from benchmarks.methods.models.networks.star import _resized_tanh
from benchmarks.methods.models.output import Output
from benchmarks.methods.models.trained import checkpoints
from benchmarks.training import queue, state
from benchmarks.training import standing as standings
from benchmarks.training.loop import learning_rate, train
from benchmarks.training.material import Streamed
from benchmarks.training.queue import rows_to_train, run_queue
from benchmarks.training.settings import TrainingError, streamed_settings_for
from benchmarks.training.stages import Pace, moment, moment_at
from benchmarks.training.standing import standing
from benchmarks.training.validate import validate
from datagen.recipe.load import load_recipe
from luts.tool.files import sha256_file

MODEL = "highlight_shadow_gain"
STAGES = ({"share": 1, "size": (16, 24), "batch": 2}, {"share": 1, "size": (32, 48), "batch": 1})


@pytest.fixture(scope="module")
def recipe_file(tmp_path_factory):
    """A recipe of two tiny panoramas, one to train on and one to validate on."""
    folder = tmp_path_factory.mktemp("light")
    rng = np.random.default_rng(0)
    (folder / "hdri").mkdir()
    for name in ("a", "b"):
        light = cv2.resize(rng.random((8, 16, 3), np.float32) ** 2 + 0.01, (128, 64))
        cv2.imwrite(str(folder / "hdri" / f"{name}.hdr"), light)
    path = folder / "tiny.toml"
    path.write_text(
        f'name = "tiny"\n[source]\nkind = "panoramas"\nfolder = "{folder / "hdri"}"\n'
        "[render]\nevs = {from = -2, to = 2}\n"
        '[[distort]]\nfamilies = ["tone"]\npool = 3\n[[mask]]\nkind = "circle"\n'
        '[split]\nby = "order"\ntrain = 1\nval = 1\ntest = 0\n[stream]\nfov = [60, 90]\n'
    )
    return path


@pytest.fixture(scope="module")
def material(recipe_file):
    return Streamed(load_recipe(recipe_file))


@pytest.fixture(autouse=True)
def no_pictures_of_losses(monkeypatch):
    """They are tested elsewhere, and take longer than these trainings."""
    monkeypatch.setattr(state, "plot_losses", lambda *args: None)


def quick(model=MODEL, **changes):
    small = {"steps": 8, "validate_images": 4, "stages": STAGES}
    return streamed_settings_for(model, **small | changes)


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def ticking(step=1.0):
    """A clock that goes on by so many seconds whenever it is looked at."""
    seconds = itertools.count(0.0, step)
    return lambda: next(seconds)


# Batches and validation


def test_a_streamed_batch_depends_on_seed_and_position_only(material):
    settings = quick()
    batches = material.batches(settings, rank=0, world=1)
    assert batches[0]["degraded"].shape == (2, 3, 16, 24)
    assert batches[7]["degraded"].shape == (1, 3, 32, 48)
    again = material.batches(settings, rank=0, world=1)[7]
    assert all(torch.equal(again[name], batches[7][name]) for name in again)
    with pytest.raises(TrainingError, match="batch 1 does not divide over 2"):
        material.batches(settings, rank=0, world=2)


def test_kept_pairs_are_the_streamed_ones_made_once_and_mirrored_when_they_return(
    recipe_file, tmp_path
):
    recipe, local = load_recipe(recipe_file), quick("image_adaptive_lut+concat")
    stream, kept = Streamed(recipe), Streamed(recipe, keep=6, kept=tmp_path)
    whole, row = quick(stages=STAGES[:1]), {"rank": 0, "world": 1}
    for settings in (local, quick(), local):
        streamed, first = stream.batches(settings, **row)[0], kept.batches(settings, **row)[0]
        assert all(torch.equal(first[name], streamed[name]) for name in streamed)
    batches = kept.batches(whole, **row)
    first, later = batches[0], batches[3]  # six pairs are three batches of two
    assert all(torch.equal(later[name], first[name].flip(-1)) for name in first)
    assert torch.equal(batches[6]["degraded"], first["degraded"])

    def unwanted(*_):
        raise AssertionError("made again")

    again = kept.batches(whole, **row)
    again.pairs.__self__.make = unwanted
    assert torch.equal(again[0]["reference"], first["reference"])
    other = kept.batches(quick(stages=STAGES[:1], seed=1), **row)
    # 6007 is 1 more than 1001 rounds of six, and odd rounds are mirrored.
    assert torch.equal(other[0]["degraded"][0], first["degraded"][1].flip(-1))
    assert kept.identity != stream.identity
    assert kept.facts()["name"] == "stream tiny, first 6 pairs"
    with pytest.raises(TrainingError, match=r"kept in a folder, in 8 bits: got .*, 16 bits"):
        Streamed(load_recipe(recipe_file, ["output.bits=16"]), keep=6, kept=tmp_path)


def test_validation_meets_every_exposure_with_and_without_a_distortion(material):
    settings = quick(validate_images=10)
    abouts = [about for _, some in material.validation(settings) for about in some]
    assert sorted({about["ev"] for about in abouts}) == [-2, -1, 0, 1, 2]
    assert len({(about["ev"], about["distorted"]) for about in abouts}) == 10
    first = [batch["degraded"] for batch, _ in material.validation(settings)]
    other = [
        batch["degraded"] for batch, _ in material.validation(quick("unet", validate_images=10))
    ]
    assert all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_validation_says_mean_and_pooled_error_and_strata(material):
    class Untouched(nn.Module):
        def forward(self, degraded, regions):
            return Output(degraded)

    settings = quick(validate_images=10)
    scores = validate(Untouched(), material.validation(settings), settings, "cpu")
    own = []
    for batch, _ in material.validation(settings):
        error = (batch["degraded"] - batch["reference"]).square().mean((1, 2, 3))
        own += (-10 * error.log10()).tolist()
    assert scores["psnr"] == pytest.approx(np.mean(own), abs=1e-3)
    errors = 10 ** (-np.array(own) / 10)
    assert (
        scores["pooled"]
        == scores["score"]
        == pytest.approx(-10 * np.log10(errors.mean()), abs=1e-3)
    )
    assert {"under", "shot", "over", "lut", "plain"} <= scores.keys()
    assert scores["images"] == 10


# Budgets and schedules


def test_minutes_end_a_run_and_the_record_says_what_it_was(material, tmp_path):
    settings = quick(minutes=1.0, validations=4)
    record = train(settings, material, tmp_path, device="cpu", clock=ticking(2.0))
    scores = lines(tmp_path / "scores.jsonl")
    assert scores[-1]["progress"] == 1 and len(scores) >= 3
    assert scores[-1]["step"] == len(lines(tmp_path / "losses.jsonl"))
    assert record["seconds"] <= scores[-1]["seconds"]
    assert scores[-1]["seconds"] >= 60
    last = json.loads((tmp_path / "last.json").read_text())
    assert last["step"] == scores[-1]["step"]
    assert last["pictures"] == scores[-1]["pictures"] > last["step"]
    early = max(s["score"] for s in scores if s["progress"] <= 0.75)
    assert last["gain_last_quarter"] == pytest.approx(
        max(s["score"] for s in scores) - early, abs=1e-3
    )
    assert last["data"]["groups"] == ["a"]


def test_a_run_by_the_clock_resumes_as_if_never_cut(material, tmp_path):
    """With the same clock the same steps: what is kept includes the time that was used."""
    settings = quick(minutes=1.0, validations=2, ema=0.9)
    train(settings, material, tmp_path / "whole", device="cpu", clock=ticking(1.5))
    whole = lines(tmp_path / "whole" / "losses.jsonl")

    class StopEarlyError(Exception):
        pass

    kept = tmp_path / "cut" / "state.pt"

    def stop(steps, loss):
        if kept.exists():
            raise StopEarlyError

    with pytest.raises(StopEarlyError):
        train(settings, material, tmp_path / "cut", device="cpu", clock=ticking(1.5), progress=stop)
    done = torch.load(kept, weights_only=True)["step"]
    train(settings, material, tmp_path / "cut", device="cpu", clock=ticking(1.5), resume=True)
    cut = lines(tmp_path / "cut" / "losses.jsonl")
    assert 0 < done < len(whole)
    assert cut[:done] == whole[:done]
    # The first steps after the cut: a clock of its own begins anew, so the end may lie elsewhere.
    assert [row["step"] for row in cut] == list(range(1, len(cut) + 1))
    assert abs(len(cut) - len(whole)) <= 2
    seconds = [row["seconds"] for row in lines(tmp_path / "cut" / "scores.jsonl")]
    assert seconds == sorted(seconds) and seconds[-1] >= 60


def test_a_resumed_stream_repeats_the_uninterrupted_one_exactly(material, tmp_path):
    settings = quick("zero_dce_pp+concat", validations=2, stages=STAGES[:1])
    train(settings, material, tmp_path / "whole", device="cpu")

    class StopEarlyError(Exception):
        pass

    def stop(steps, loss):
        if steps == 6:
            raise StopEarlyError

    with pytest.raises(StopEarlyError):
        train(settings, material, tmp_path / "cut", device="cpu", progress=stop)
    train(settings, material, tmp_path / "cut", device="cpu", resume=True)
    assert lines(tmp_path / "cut" / "losses.jsonl") == lines(tmp_path / "whole" / "losses.jsonl")
    ours, theirs = (load_file(tmp_path / run / "last.safetensors") for run in ("cut", "whole"))
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


def test_moments_by_the_clock_are_those_by_steps():
    settings = quick(steps=100)
    for step in (0, 20, 49, 51, 99):
        by_step = moment(settings, step)
        assert moment_at(settings, step, step / 100, by_step.seen) == by_step


def test_the_rate_warms_up_and_falls():
    settings = quick(steps=100, lr=1.0, warmup=0.1, stages=())
    rates = [learning_rate(settings, step) for step in range(100)]
    assert 0 < rates[0] < 0.02
    assert max(rates) == rates[10] > 0.97
    assert rates[10:] == sorted(rates[10:], reverse=True)
    staged = quick(lr=1.0, warmup=0.0, stages=(STAGES[0], STAGES[1] | {"rate": 0.5}))
    assert learning_rate(staged, 4) == pytest.approx(
        learning_rate(quick(lr=1.0, warmup=0.0), 4) / 2
    )


def test_a_pace_is_due_at_even_shares():
    pace = Pace(quick(steps=10, validations=4), ticking())
    due = [now.step + 1 for now in pace if pace.is_due(now)]
    assert due == [3, 5, 8, 10]


def test_a_run_starts_from_given_weights(material, tmp_path):
    train(quick(steps=2), material, tmp_path / "first", device="cpu")
    start = tmp_path / "first" / "last.safetensors"
    settings = quick(steps=1, lr=1e-9, ema=0.0, start=str(start))
    train(settings, material, tmp_path / "second", device="cpu")
    before, after = load_file(start), load_file(tmp_path / "second" / "last.safetensors")
    for key, value in before.items():
        torch.testing.assert_close(after[key], value, atol=1e-6, rtol=0)
    record = json.loads((tmp_path / "second" / "last.json").read_text())
    assert record["training"]["start"] == "last.safetensors"
    assert record["started_from"] == sha256_file(start)
    assert str(tmp_path) not in json.dumps(record)
    with pytest.raises(checkpoints.CheckpointError, match="not weights of"):
        train(quick("zero_dce_pp", start=str(start)), material, tmp_path / "third", device="cpu")


# The queue


def test_a_queue_gives_every_row_its_rounds_and_goes_on_after_a_kill(
    material, tmp_path, monkeypatch
):
    monkeypatch.setattr(standings, "BUDGETS", {False: 2.0, True: 2.0})
    monkeypatch.setattr(standings, "LEAST_GAIN", -1.0)  # nothing settles before its budget is spent
    monkeypatch.setattr(queue, "train", lambda *a, **k: train(*a, **k, clock=ticking(3.0)))
    rows, said, done = [MODEL, "highlight_shadow_curve"], [], []
    monkeypatch.setattr(
        queue, "streamed_settings_for", lambda row, **c: quick(row, **{"validations": 4} | c)
    )

    class KilledError(Exception):
        pass

    def kill(standing, record):
        done.append((standing.row, standing.rounds, record.model))
        if len(done) == 2:
            raise KilledError

    with pytest.raises(KilledError):
        run_queue(material, tmp_path, rows, minutes=0.5, finished=kill, say=said.append)
    assert done == [(MODEL, 1, MODEL), ("highlight_shadow_curve", 1, "highlight_shadow_curve")]
    found = run_queue(material, tmp_path, rows, minutes=0.5, say=said.append)
    assert all(one.settled and one.rounds == 2 for one in found)
    second = json.loads((tmp_path / MODEL / "round2" / "best.json").read_text())
    assert second["training"]["start"].endswith(".safetensors")
    assert second["training"]["lr"] == quick().lr / 2
    curves = standings.curves(tmp_path, rows)
    assert list(curves) == rows
    assert [at for at, _ in curves[MODEL]] == sorted(at for at, _ in curves[MODEL])
    assert (tmp_path / "curves.png").stat().st_size > 1000
    assert said[-1].endswith("0 of 2 rows left, 0 of them without a round")
    assert run_queue(material, tmp_path, rows, minutes=0.5, say=said.append) == found


def test_a_first_round_goes_on_from_installed_weights_or_from_the_host(
    material, tmp_path, monkeypatch
):
    monkeypatch.setattr(standings, "BUDGETS", {False: 1.0, True: 1.0})
    monkeypatch.setattr(queue, "WEIGHTS", tmp_path / "weights")
    monkeypatch.setattr(checkpoints, "WEIGHTS", tmp_path / "weights")
    monkeypatch.setattr(queue, "train", lambda *a, **k: train(*a, **k, clock=ticking(3.0)))
    monkeypatch.setattr(
        queue, "streamed_settings_for", lambda row, **c: quick(row, **{"validations": 2} | c)
    )
    rows, better = ["zero_dce_pp", "zero_dce_pp+concat"], []

    def finished(standing, record):
        better.append(queue.is_better(standing, material))
        checkpoints.install(standing.row, standing.best)

    def begun(out, **changes):
        said = []
        settings = {"minutes": 0.5, "finished": finished, "say": said.append}
        run_queue(material, tmp_path / out, rows, **settings | changes)
        return [line.partition("minutes")[2] for line in said if "round 1," in line]

    assert begun("first") == ["", ", from best.safetensors"]
    assert better == [True, True]
    assert begun("second") == [f", from {row}.safetensors" for row in rows]
    assert begun("third", anew=True) == ["", ""]
    record = json.loads((tmp_path / "second" / rows[1] / "round1" / "best.json").read_text())
    host = json.loads((tmp_path / "first" / rows[0] / "round1" / "best.json").read_text())
    own = json.loads((tmp_path / "first" / rows[1] / "round1" / "best.json").read_text())
    assert record["seconds_before"] == pytest.approx(host["seconds"] + own["seconds"])
    assert record["training"]["lr"] == quick(rows[1]).lr / 2


def test_a_row_that_fails_does_not_stop_the_others(material, tmp_path, monkeypatch):
    def failing(settings, *args, **kwargs):
        raise TrainingError("the disk is full")

    monkeypatch.setattr(queue, "train", failing)
    said = []
    found = run_queue(material, tmp_path, [MODEL, "unet"], minutes=0.1, say=said.append)
    assert not any(one.settled for one in found)
    assert [line for line in said if "failed" in line] == [
        f"{MODEL}: failed: the disk is full",
        "unet: failed: the disk is full",
    ]


def test_a_row_is_settled_by_its_curve(tmp_path):
    folder = tmp_path / MODEL / "round1"
    folder.mkdir(parents=True)

    def curve(*scores):
        rows = [
            {"seconds": 15.0 * (n + 1), "progress": (n + 1) / 4, "score": score}
            for n, score in enumerate(scores)
        ]
        (folder / "scores.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return standing(tmp_path, MODEL, 1.0)

    assert curve(10, 14, 16, 16.1).settled
    climbing = curve(10, 12, 14, 15)
    assert not climbing.settled and climbing.gain == pytest.approx(1) and climbing.rounds == 1
    assert curve(10, 12, 14).rounds == 0


def test_the_queue_knows_every_row_that_learns():
    rows = rows_to_train()
    assert rows[0] == "unet"
    assert set(rows) == {n for n, m in MODELS.items() if m.trained and not m.slow}
    assert rows_to_train(["zero_dce"]) == ["zero_dce"]
    with pytest.raises(TrainingError, match="zero_dec: no row that learns"):
        rows_to_train(["zero_dec"])


# The commands


def words(recipe_file, out, *more):
    stages = json.dumps(STAGES)
    small = ["--set", "validate_images=2", "--set", f"stages={stages}", "--device", "cpu"]
    return ["train", MODEL, "--stream", str(recipe_file), "--out", str(out), *small, *more]


def test_the_command_trains_on_a_stream_with_several_seeds(recipe_file, tmp_path, capsys):
    assert main(words(recipe_file, tmp_path, "--steps", "2", "--seeds", "2")) == 0
    printed = capsys.readouterr().out.split()
    assert printed == [str(tmp_path / f"seed{n}" / "best.safetensors") for n in (0, 1)]
    one, two = (load_file(path) for path in printed)
    assert any(not torch.equal(one[key], two[key]) for key in one)


def test_an_earlier_training_is_not_overwritten_without_a_word(recipe_file, tmp_path, capsys):
    assert main(words(recipe_file, tmp_path, "--steps", "4")) == 0
    before = (tmp_path / "best.safetensors").read_bytes()
    assert main(words(recipe_file, tmp_path, "--steps", "2")) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "holds an earlier training" in error and "--overwrite" in error
    assert (tmp_path / "best.safetensors").read_bytes() == before
    assert main(words(recipe_file, tmp_path, "--steps", "2", "--overwrite")) == 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--steps", "2", "--set", "steps=3"], "steps is given twice: 2 and 3"),
        (["--steps", "2", "--minutes", "1"], "a run has one budget"),
        (["--seeds", "0"], "--seeds takes 1 or more"),
        (["--seeds", "2", "--seed", "1"], "neither --seed nor --install"),
        (["--set", "size=[0, 4]"], "size must be height and width"),
        (["--set", "warmup=2"], "warmup must be in"),
        (["--set", "minutes=-1"], "minutes must not be negative"),
    ],
)
def test_budgets_that_contradict_are_one_line(recipe_file, tmp_path, capsys, more, said):
    assert main(words(recipe_file, tmp_path, *more)) == 2
    assert said in capsys.readouterr().err


def test_a_damaged_state_is_one_line(recipe_file, tmp_path, capsys):
    assert main(words(recipe_file, tmp_path, "--steps", "2")) == 0
    kept = tmp_path / "state.pt"
    kept.write_bytes(kept.read_bytes()[:1000])
    assert main(words(recipe_file, tmp_path, "--steps", "2", "--resume")) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "state.pt: damaged, nothing can be resumed from it" in error


def test_whole_pictures_need_a_stream(tiny_data, tmp_path, capsys):
    words = ["train", MODEL, "--data", str(tiny_data), "--out", str(tmp_path), "--device", "cpu"]
    assert main([*words, "--set", "size=[32, 32]"]) == 2
    assert "whole pictures come from --stream" in capsys.readouterr().err


def test_the_queue_s_command_lists_what_is_left(recipe_file, tmp_path, capsys):
    words = ["train-all", "--stream", str(recipe_file), "--out", str(tmp_path)]
    assert main([*words, "--only", MODEL, "unet", "--list"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in shown] == [[MODEL, "open"], ["unet", "open"]]


@pytest.mark.slow
def test_batch_statistics_of_two_processes_are_refused(recipe_file, tmp_path):
    """On processors there is no batch norm over processes; alone it trains."""
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command = ["train", "dpe_small", "--stream", str(recipe_file), "--out", str(tmp_path)]
    stages = json.dumps([{"share": 1, "size": [64, 96], "batch": 2}])
    settings = ["--steps", "1", "--set", f"stages={stages}", "--device", "cpu"]
    ended = subprocess.run(
        [*launch, "-m", "benchmarks", *command, *settings],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode != 0
    assert "normalises over the batch" in ended.stderr


# What was made faster


@pytest.mark.parametrize("size", [(64, 96), (17, 33), (30, 120), (128, 192)])
def test_star_s_curves_are_those_of_resizing_twice(size):
    raw = torch.randn(2, 24, 32, 32, generator=torch.Generator().manual_seed(0))
    resize = nn.functional.interpolate
    whole = resize(raw, (256, 256), mode="bilinear", align_corners=True).tanh()
    expected = resize(whole, size, mode="bilinear", align_corners=False)
    torch.testing.assert_close(_resized_tanh(raw, size), expected, atol=2e-6, rtol=0)


def test_sixteen_bits_on_a_processor_change_little(material):
    settings = quick("unet", bfloat16_on_cpu=True)
    from benchmarks.training.loop import loss_terms

    torch.manual_seed(0)
    model = build("unet")
    batch = material.batches(settings, rank=0, world=1)[0]
    short, exact = (
        sum(loss_terms(model, batch, s).values()).item() for s in (settings, quick("unet"))
    )
    assert short == pytest.approx(exact, rel=0.02)
    assert short != exact
