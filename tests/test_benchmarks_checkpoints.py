"""models.trained.checkpoints: what is loaded is what was recorded, or a named error."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from benchmarks.cli import main
from benchmarks.front import method, run
from benchmarks.harness.rows import read_evaluations
from benchmarks.methods import MethodError, find_methods
from benchmarks.methods.models import MODELS, build
from benchmarks.methods.models.published import adopt as adoption
from benchmarks.methods.models.published.adopt import adopt
from benchmarks.methods.models.trained import checkpoints, given
from benchmarks.methods.models.trained.checkpoints import (
    CheckpointError,
    UntrainedError,
    digest,
    install,
    load,
    load_weights,
    save,
)
from benchmarks.methods.models.trained.state_dict import read_file

RECORD = {"model": "zero_dce_pp", "training": {"model_settings": {"scale": 2}}}


def saved(folder, record=RECORD):
    torch.manual_seed(0)
    model = build("zero_dce_pp")
    save(model, record, folder / "zero_dce_pp.safetensors")
    return model


def test_weights_and_settings_survive(tmp_path):
    model = saved(tmp_path)
    loaded, record = load("zero_dce_pp", tmp_path)
    row = replace(MODELS["zero_dce_pp"], weights=str(tmp_path / "zero_dce_pp.safetensors"))
    assert loaded.scale == 2
    assert record.sha256 == digest("zero_dce_pp", row)
    for key, value in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], value)


def test_settings_can_be_overridden_when_loading(tmp_path):
    saved(tmp_path)
    assert load("zero_dce_pp", tmp_path, degree=0.5)[0].degree == 0.5


def test_an_untrained_model_is_refused_by_name(tmp_path):
    with pytest.raises(UntrainedError, match="benchmarks train zero_dce"):
        load("zero_dce", tmp_path)


def test_a_model_without_parameters_needs_no_weights(tmp_path):
    model, record = load("highlight_shadow_gaussian", tmp_path)
    assert not list(model.parameters())
    assert record.sha256 == "no parameters"


def test_weights_that_are_not_the_recorded_ones_are_refused(tmp_path):
    saved(tmp_path)
    save(build("zero_dce_pp"), RECORD, tmp_path / "other.safetensors")
    (tmp_path / "other.safetensors").replace(tmp_path / "zero_dce_pp.safetensors")
    with pytest.raises(CheckpointError, match="is not the recorded"):
        load("zero_dce_pp", tmp_path)


def test_weights_of_another_model_are_refused(tmp_path):
    saved(tmp_path)
    with pytest.raises(CheckpointError, match="not weights of ZeroDce: 14 missing"):
        load_weights(build("zero_dce"), tmp_path / "zero_dce_pp.safetensors")


def test_weights_of_another_size_are_refused(tmp_path):
    save(build("zero_dce", mask_channels=2), RECORD, tmp_path / "five.safetensors")
    with pytest.raises(CheckpointError, match=r"e_conv1.weight: .*\[32, 5, 3, 3\]"):
        load_weights(build("zero_dce"), tmp_path / "five.safetensors")


@pytest.mark.parametrize("prefix", ["", "module."])
def test_state_dicts_as_authors_publish_them_can_be_loaded(tmp_path, prefix):
    torch.manual_seed(0)
    theirs = {
        prefix + key: torch.randn_like(v) for key, v in build("zero_dce").state_dict().items()
    }
    torch.save(theirs, tmp_path / "Epoch99.pth")
    model = build("zero_dce")
    load_weights(model, tmp_path / "Epoch99.pth")
    assert torch.equal(model.e_conv3.weight, theirs[prefix + "e_conv3.weight"])


def test_adopted_weights_are_the_ones_loaded_and_their_record_admits_ignorance(tmp_path):
    torch.manual_seed(0)
    theirs = build("zero_dce_pp").state_dict()
    torch.save(theirs, tmp_path / "Epoch99.pth")
    adopt("zero_dce_pp", tmp_path / "Epoch99.pth", tmp_path / "weights", scale=12)
    model, record = load("zero_dce_pp", tmp_path / "weights")
    assert model.scale == 12
    assert record.data.hash == "unknown"
    assert all(torch.equal(value, theirs[key]) for key, value in model.state_dict().items())


def test_files_that_hold_no_weights_are_refused(tmp_path):
    for name in ("broken.pth", "broken.safetensors"):
        (tmp_path / name).write_text("not weights")
        with pytest.raises(CheckpointError, match="not a"):
            load_weights(build("zero_dce"), tmp_path / name)


def test_weights_under_their_authors_names_are_adopted(tmp_path):
    model = build("star_dce")
    state = model.state_dict()
    theirs = {
        key.replace("attention.to_qkv.", "transformer.layers.0.0.fn.fn.to_qkv."): value
        for key, value in state.items()
    }
    assert theirs.keys() != state.keys()
    torch.save(theirs, tmp_path / "theirs.pth")
    adopt("star_dce", tmp_path / "theirs.pth", tmp_path)
    again, _ = load("star_dce", tmp_path)
    assert all(torch.equal(value, again.state_dict()[key]) for key, value in state.items())


WRAPPED = {
    "module.": lambda s: {f"module.{k}": v for k, v in s.items()},
    "twice": lambda s: {f"module.module.{k}": v for k, v in s.items()},
    "compiled": lambda s: {f"_orig_mod.{k}": v for k, v in s.items()},
    "state_dict": lambda s: {"state_dict": s, "epoch": 3},
    "params": lambda s: {"params": s},
    "model": lambda s: {"model": {f"net.{k}": v for k, v in s.items()}, "best": 1.5},
    "lightning": lambda s: {"state_dict": {f"model.{k}": v for k, v in s.items()}, "hparams": {}},
    "a name of their own": lambda s: {
        "enhancer.": 1,
        "G": {f"enhancer.{k}": v for k, v in s.items()},
    },
    "deep": lambda s: {"checkpoint": {"my_net": {"weights": s}}, "optim": {"m": torch.ones(2)}},
    "numpy scalar": lambda s: {"model": s, "psnr": np.float64(21.5)},
    "profiler": lambda s: s | {"total_ops": torch.zeros(1), "e_conv1.total_params": torch.ones(1)},
}


@pytest.mark.parametrize("wrapper", WRAPPED)
def test_wrapped_and_prefixed_weights_are_adopted(wrapper, tmp_path):
    torch.manual_seed(0)
    theirs = {key: torch.randn_like(v) for key, v in build("zero_dce").state_dict().items()}
    torch.save(WRAPPED[wrapper](theirs), tmp_path / "a.pth")
    assert main(["adopt", "zero_dce", str(tmp_path / "a.pth"), "-o", str(tmp_path / "w")]) == 0
    model, _ = load("zero_dce", tmp_path / "w")
    assert all(torch.equal(value, theirs[key]) for key, value in model.state_dict().items())


def test_weights_adopted_under_a_label_are_a_row(tmp_path, tiny_data, monkeypatch, capsys):
    for module in (checkpoints, given, adoption):
        monkeypatch.setattr(module, "WEIGHTS", tmp_path)
    torch.manual_seed(0)
    theirs = {key: torch.randn_like(v) for key, v in build("zero_dce").state_dict().items()}
    torch.save(theirs, tmp_path / "a.pth")
    assert main(["adopt", "zero_dce", str(tmp_path / "a.pth"), "--as", "published"]) == 0
    names = ["zero_dce@published", "zero_dce@published+blend"]
    out = tmp_path / "out"
    assert run(tiny_data, names, out, metrics=["psnr"], limit=1).failed == 0
    assert {row.method for row in read_evaluations(out)} == {"input", "reference", *names}
    fix = method("zero_dce@published")
    picture = np.full((8, 8, 3), 0.25, np.float32)
    assert not np.allclose(fix(picture), picture)
    with pytest.raises(MethodError, match="were adopted as that; there are zero_dce@published "):
        find_methods(["zero_dce@other"])


def state(**changes):
    return build("zero_dce").state_dict() | changes


NO_WEIGHTS = {
    "a list": (lambda: [1, 2], "holds a list; named tensors"),
    "a tensor": (lambda: torch.zeros(3), "holds a Tensor; named tensors"),
    "none": (lambda: None, "holds a NoneType; named tensors"),
    "two networks": (lambda: {"G": state(), "D": state()}, "has weights under 'G' and 'D'; save"),
    "other keys": (lambda: {"a": {"b": 1}}, "holds no tensors; it has a"),
    "a whole model": (lambda: build("zero_dce"), "holds Python objects .*ZeroDce.*could run code"),
    "nan": (lambda: state(**{"e_conv1.bias": torch.full((32,), torch.nan)}), "are not finite"),
    "int8": (
        lambda: state(**{"e_conv1.bias": torch.ones(32, dtype=torch.int8)}),
        "e_conv1.bias holds int8; weights are floating-point",
    ),
}


@pytest.mark.parametrize("what", NO_WEIGHTS)
def test_what_holds_no_weights_is_one_line_without_escape_codes(what, tmp_path, capsys):
    make, message = NO_WEIGHTS[what]
    torch.save(make(), tmp_path / "a.pth")
    assert main(["adopt", "zero_dce", str(tmp_path / "a.pth"), "-o", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(message, line) and "\x1b" not in line


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "is a pointer of Git LFS; fetch"),
        (b"<!DOCTYPE html>", "is a web page; download the file itself"),
        (b"hello", "not a PyTorch state dict$"),
    ],
)
def test_what_a_download_left_instead_of_weights_is_told(data, message, tmp_path, capsys):
    (tmp_path / "a.pth").write_bytes(data)
    assert main(["adopt", "zero_dce", str(tmp_path / "a.pth"), "-o", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(message, line)


@pytest.mark.parametrize("name", ["gone.pth", "folder"])
def test_a_file_that_is_not_there_is_one_line(name, tmp_path, capsys):
    (tmp_path / "folder").mkdir()
    assert main(["adopt", "zero_dce", str(tmp_path / name), "-o", str(tmp_path)]) == 2
    assert re.search("no such file|is a folder", capsys.readouterr().err)


def test_the_scale_of_published_zero_dce_pp_is_kept_with_its_weights(tmp_path, capsys):
    torch.save(build("zero_dce_pp").state_dict(), tmp_path / "Epoch99.pth")
    arguments = ["adopt", "zero_dce_pp", str(tmp_path / "Epoch99.pth"), "-o", str(tmp_path)]
    assert main([*arguments, "--as", "published"]) == 0
    assert "scale=12, as its authors test it" in capsys.readouterr().out
    assert load("zero_dce_pp@published", tmp_path)[0].scale == 12
    assert main([*arguments, "--set", "scale=1"]) == 0
    assert load("zero_dce_pp", tmp_path)[0].scale == 1


# Weights installed in 16 bits


def trained(folder, name="zero_dce_pp+ranlen", change=lambda model: None):
    """Weights and record as a training run leaves them."""
    torch.manual_seed(0)
    model = build(name)
    with torch.no_grad():
        change(model)
    save(model, {"model": name, "training": {"model_settings": {}}}, folder / "best.safetensors")
    return model


def test_installed_weights_are_halved_and_pictures_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "WEIGHTS", tmp_path / "weights")
    model = trained(tmp_path).eval()
    path = install("zero_dce_pp+ranlen", tmp_path / "best.safetensors")
    assert path.stat().st_size < 0.6 * (tmp_path / "best.safetensors").stat().st_size
    kinds = {key: value.dtype for key, value in load_file(path).items()}
    assert kinds["host.e_conv1.point_conv.weight"] == torch.float16
    # The range of 16 bits ends at 65,504; a running variance may lie beyond.
    assert kinds["norms.e_conv1.norm.running_var"] == torch.float32
    again, record = load("zero_dce_pp+ranlen", tmp_path / "weights")
    assert record.stored == "float16"
    assert {p.dtype for p in again.parameters()} == {torch.float32}
    x = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert (again(x).image - model(x).image).abs().max() < 1 / 510


def test_weights_that_16_bits_would_spoil_stay_in_32(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "WEIGHTS", tmp_path / "weights")

    def beyond_16_bits(model):
        model.e_conv1.point_conv.weight.fill_(1e5)

    trained(tmp_path, "zero_dce_pp", beyond_16_bits)
    path = install("zero_dce_pp", tmp_path / "best.safetensors")
    assert {value.dtype for value in load_file(path).values()} == {torch.float32}
    trained(tmp_path, "zero_dce_pp")
    install("zero_dce_pp", tmp_path / "best.safetensors", half=False)
    assert load("zero_dce_pp", tmp_path / "weights")[1].stored == "float32"


def shipped():
    return sorted(path.stem for path in checkpoints.WEIGHTS.glob("*.safetensors"))


@pytest.mark.parametrize("name", shipped())
def test_shipped_weights_load_and_say_how_they_were_made(name):
    _, record = load(name)
    assert record.model == name
    assert record.data.split == "train"
    assert record.data.licences == ("CC0-1.0",)  # nothing else may be shipped
    for key in ("step", "validation", "command", "commit", "date", "versions", "parameters"):
        assert getattr(record, key), key
    assert record.parameters == MODELS[name].parameters
    assert record.stored in ("float16", "float32")


def test_shipped_weights_are_complete_and_small():
    files = list(checkpoints.WEIGHTS.iterdir())
    assert {p.stem for p in files if p.suffix == ".json"} == set(shipped())
    assert sum(p.stat().st_size for p in files) < 30e6
    for path in files:
        if path.suffix == ".json":
            json.loads(path.read_text())


def test_a_header_of_a_million_tensors_is_refused_before_it_is_read(tmp_path):
    header = b"{" + b" " * (5 << 20) + b"}"
    path = tmp_path / "zero_dce.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(CheckpointError, match="names tensors in 5242882 bytes; up to 4194304"):
        read_file(path)
