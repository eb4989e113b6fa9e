"""Models on a device: the same rows as one by one with numpy, up to rounding, tested on the CPU."""

from __future__ import annotations

import math
from functools import cached_property
from types import SimpleNamespace

import pytest
import torch

from benchmarks.cli import main
from benchmarks.front import run
from benchmarks.harness import runners
from benchmarks.harness.evaluate import Evaluator
from benchmarks.harness.rows import load_rows, read_evaluations
from benchmarks.harness.runners import Batch, Estimates
from benchmarks.harness.schedule import side_by_side
from benchmarks.harness.tasks import batch_for
from benchmarks.harness.verify import verify
from benchmarks.methods import MethodError
from benchmarks.methods.models.checkpoints import load
from benchmarks.methods.models.output import Output
from benchmarks.metrics import find_metrics
from benchmarks.metrics.twins import TOLERANCE, TWINS, PictureTensors
from benchmarks.report.write import write_report

NAMES = ["gamma", "highlight_shadow_curve", "zero_dce+blend"]
MODELS = set(NAMES[1:])


def values(out):
    return {(r.method, r.sample): r.values for r in read_evaluations(out)}


def assert_same(one, two, tolerance):
    assert one.keys() == two.keys()
    for place, numbers in one.items():
        assert list(two[place]) == list(numbers)
        for id_, value in numbers.items():
            expected = pytest.approx(value, rel=tolerance, abs=tolerance, nan_ok=True)
            assert two[place][id_] == expected, (place, id_)


@pytest.fixture(scope="module")
def plain(tiny_data, tmp_path_factory):
    out = tmp_path_factory.mktemp("plain")
    run(tiny_data, NAMES, out)
    return out


@pytest.fixture(scope="module")
def tensors(tiny_data, tmp_path_factory):
    out = tmp_path_factory.mktemp("tensors")
    summary = run(tiny_data, NAMES, out, scorer="torch", batch=4)
    assert summary.failed == 0
    return out


def test_rows_measured_by_tensors_are_those_of_arrays(plain, tensors):
    assert_same(values(plain), values(tensors), TOLERANCE)


def test_rows_say_what_measured_them_and_are_never_taken_for_each_other(plain, tensors, tiny_data):
    scorers = load_rows(tensors).groupby("method")["scorer"].unique()
    assert {name: list(found) for name, found in scorers.items()} == {
        name: ["torch" if name in MODELS else "numpy"] for name in scorers.index
    }
    keys = [{(r.method, r.key) for r in read_evaluations(out)} for out in (plain, tensors)]
    assert {method for method, _ in keys[0] & keys[1]} == {"input", "reference", "gamma"}
    again = run(tiny_data, NAMES, tensors, scorer="torch")
    assert again.reused == again.asked


def test_rows_measured_by_tensors_come_out_again(tensors):
    assert verify(tensors, count=12) == (12, [])


def test_models_here_and_methods_in_workers_make_the_same_rows(tensors, tiny_data, tmp_path):
    run(tiny_data, NAMES, tmp_path, scorer="torch", batch=4, jobs=2)
    assert_same(values(tensors), values(tmp_path), 1e-6)


def test_kept_predictions_serve_tensors_as_well(tiny_data, tmp_path, monkeypatch):
    settings = {"scorer": "torch", "batch": 2, "limit": 3, "keep_predictions": True}
    names = ["highlight_shadow_curve"]
    run(tiny_data, names, tmp_path, metrics=["psnr", "leakage"], **settings)
    expected = values(tmp_path)
    (tmp_path / "rows.jsonl").unlink()
    monkeypatch.setattr("benchmarks.harness.evaluate.make_runner", lambda *a, **k: 1 / 0)
    assert run(tiny_data, names, tmp_path, metrics=["psnr", "leakage"], **settings).failed == 0
    assert_same(expected, values(tmp_path), 1e-9)


class Moody(torch.nn.Module):
    """Fails on batches, and for single pictures in another way for each tone."""

    def __init__(self, out_of_memory: bool):
        super().__init__()
        self.out_of_memory = out_of_memory

    def forward(self, images, regions=None):
        if len(images) > 1:
            raise torch.OutOfMemoryError("no room for so many")
        mean = images.mean()
        if self.out_of_memory or mean > 0.5:
            return Output(images)
        if mean < 0.3:
            raise ArithmeticError("too dark for me")
        return Output(images * math.nan if mean < 0.4 else images[..., :-1])


@pytest.mark.parametrize("out_of_memory", [True, False])
def test_a_batch_that_fails_is_halved_and_costs_only_the_rows_it_must(
    out_of_memory, tiny_data, tmp_path, monkeypatch
):
    monkeypatch.setattr(
        "benchmarks.methods.models.checkpoints.load_row",
        lambda *a, **k: (Moody(out_of_memory), None),
    )
    names = ["gamma", "zero_dce"]
    summary = run(tiny_data, names, tmp_path, scorer="torch", batch=8, metrics=["psnr"])
    table = load_rows(tmp_path).drop_duplicates(["method", "sample"])
    status = table[table["method"] == "zero_dce"]["status"]
    assert (table[table["method"] == "gamma"]["status"] == "ok").all()
    if out_of_memory:
        assert (status == "ok").all()
        return
    assert summary.failed == (status != "ok").sum() > 0
    known = "^(?:ok|ArithmeticError: too dark for me"
    known += r"|BadEstimateError: returned (?:values that are not finite|\([\d, ]+\) for an input))"
    assert status.str.contains(known, regex=True).all()


def test_nothing_of_a_picture_is_fetched_when_all_metrics_have_a_twin(monkeypatch):
    fetched = []
    monkeypatch.setattr("benchmarks.harness.evaluate.fetch", lambda *given: fetched.append(given))
    planes = torch.rand(1, 3, 16, 20)
    weights = dict.fromkeys("ABC", torch.ones(1, 1, 16, 20)) | {"all": None}
    target = SimpleNamespace(ideal=PictureTensors(planes), weights=weights)
    batch = SimpleNamespace(samples=[], target=target)
    made = Estimates(planes, torch.ones(1, 4), lambda: 0.0)
    evaluator = Evaluator(None, {}, ["psnr", "ssim"], by_tensors=True)
    evaluator._by_twins(made, batch, find_metrics(["psnr", "ssim"]), keep=False)
    (tensors,) = fetched
    assert [tuple(tensor.shape) for tensor in tensors] == [(1, 8), (1, 4)]


def test_pictures_are_put_on_the_device_once_for_all_models(tiny_data, tmp_path, monkeypatch):
    made = []
    original = Batch.images.func
    counted = cached_property(lambda self: (made.append(self), original(self))[1])
    counted.__set_name__(Batch, "images")
    monkeypatch.setattr(Batch, "images", counted)
    names = ["highlight_shadow_curve", "highlight_shadow_gain", "zero_dce+blend"]
    run(tiny_data, names, tmp_path, scorer="torch", batch=2, limit=4, metrics=["psnr"])
    assert 0 < len(made) <= 4


def test_batches_are_as_large_as_pictures_are_small():
    assert batch_for((512, 512), "cpu") == 1
    assert batch_for((512, 512), "cuda") == 16
    assert batch_for((3000, 4000), "cuda:1") == 1
    assert 1 < batch_for((64, 64), "cuda") <= 64


def test_two_streams_are_drawn_from_at_once_and_errors_come_through():
    def numbers(*given):
        yield from (([n], 0.0) for n in given)

    found = [record for (record,), _ in side_by_side(numbers(1, 2), lambda: numbers(3, 4, 5))]
    assert sorted(found) == [1, 2, 3, 4, 5]

    def broken():
        yield [0], 0.0
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        list(side_by_side(numbers(1), broken))


@pytest.mark.parametrize("name", ["zero_dce", "star_dce+ranlen", "highlight_shadow_curve"])
def test_a_batch_gives_the_8_bit_pictures_of_single_pairs(name, tiny_data):
    """To within a rounding that falls on the border of two codes: one code on one pixel in 1000."""
    from datagen.dataset.read import load_pair, open_dataset

    dataset = open_dataset(tiny_data)
    rows = [row for row in dataset.select() if row.height < row.width][:4]
    pairs = [load_pair(dataset, row) for row in rows]
    module, _ = load(name)
    for pair, estimate in zip(pairs, runners.infer(module, pairs), strict=True):
        alone = runners.infer(module, [pair])[0]
        assert abs(estimate - alone).max() < 1e-5
        assert ((estimate * 255).round() != (alone * 255).round()).mean() < 1e-3


def test_every_twin_is_used(tensors):
    """A metric whose twin is never asked for would be computed on the CPU unnoticed."""
    table = load_rows(tensors)
    assert set(TWINS) <= set(table["metric"])


def test_a_degree_is_part_of_what_a_row_is(tiny_data, tmp_path, capsys):
    settings = {"metrics": ["psnr"], "limit": 2}
    run(tiny_data, ["zero_dce"], tmp_path, **settings)
    half = run(tiny_data, ["zero_dce"], tmp_path, degree=0.5, **settings)
    assert (half.asked, half.reused) == (6, 4)  # the checks have no degree
    arguments = ["--data", str(tiny_data), "--out", str(tmp_path), "--limit", "2"]
    arguments += [
        "--metrics",
        "psnr",
        "--degree",
        "0",
        "--jobs",
        "1",
        "--methods",
        "zero_dce+blend",
    ]
    assert main(["run", *arguments]) == 0
    table = load_rows(tmp_path)
    table = table[table["region"] == "A"].pivot(index="sample", columns="method", values="value")
    assert table["zero_dce+blend"].to_numpy() == pytest.approx(table["input"].to_numpy(), abs=1e-3)
    assert verify(tmp_path, count=6)[1] == []
    assert main(["run", *arguments[:-1], "unet"]) == 2
    assert "--degree: unet: unknown setting degree" in capsys.readouterr().err
    assert main(["run", *arguments[:-1], "gamma"]) == 2
    assert "--degree: gamma is no model" in capsys.readouterr().err


def test_weights_of_another_folder_make_rows_of_their_own(tiny_data, tmp_path, capsys):
    from benchmarks.methods.models.checkpoints import WEIGHTS, load, save

    module, record = load("highlight_shadow_curve")
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(0.5)
    folder = tmp_path / "mine"
    folder.mkdir()
    save(module, record, folder / "highlight_shadow_curve.safetensors")
    settings = {"metrics": ["psnr"], "limit": 1}
    names = ["highlight_shadow_curve"]
    run(tiny_data, names, tmp_path / "run", **settings)
    shipped = values(tmp_path / "run")
    other = run(tiny_data, names, tmp_path / "run", weights=[folder], **settings)
    assert other.reused == 2
    mine = values(tmp_path / "run")
    place = next(place for place in mine if place[0] == names[0])
    assert mine[place] != shipped[place]
    assert verify(tmp_path / "run", count=3)[1] == []
    assert folder != WEIGHTS
    arguments = ["--data", str(tiny_data), "--out", str(tmp_path / "none"), "--weights", "nowhere"]
    assert main(["run", *arguments]) == 2
    assert "--weights nowhere: no such file or folder" in capsys.readouterr().err


def test_several_weights_of_one_model_stand_side_by_side(tiny_data, tmp_path):
    """What `train` leaves, a file, and the shipped weights, in one table with their spread."""
    from benchmarks.methods.models.checkpoints import load, save

    name = "highlight_shadow_curve"
    module, record = load(name)
    save(module, record, tmp_path / "a" / "best.safetensors")
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(0.5)
    save(module, record, tmp_path / "b.safetensors")
    given = [f"seed0={tmp_path / 'a'}", f"seed1={tmp_path / 'b.safetensors'}"]
    settings = {"metrics": ["psnr"], "limit": 2}
    run(tiny_data, [name], tmp_path / "run", weights=given, **settings)
    table = load_rows(tmp_path / "run")
    means = table[table["region"] == "A"].groupby("method")["value"].mean()
    assert means[f"{name}@seed0"] == pytest.approx(means[name], abs=1e-3)
    assert abs(means[f"{name}@seed1"] - means[name]) > 0.01
    text = write_report(tmp_path / "run").text
    spread = abs(means[f"{name}@seed1"] - means[f"{name}@seed0"]) / 2**0.5
    assert "### several weights of one model" in text
    assert f"± {spread:.2f}" in text.partition("### several weights")[2]
    with pytest.raises(MethodError, match="of highlight_shadow_curve, which is not among"):
        run(tiny_data, ["zero_dce"], tmp_path / "other", weights=[tmp_path / "a"], **settings)
    assert verify(tmp_path / "run", count=8) == (8, [])
