"""What trainings begin with: a local version as its host, and nothing that is another model's."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file

from benchmarks.methods.models import MODELS, build
from benchmarks.methods.models.trained.record import CheckpointError
from benchmarks.training.start import start_from

LOCAL = [name for name, row in MODELS.items() if "+" in name and not row.slow]


def batch(seed=0):
    generator = torch.Generator().manual_seed(seed)
    degraded = torch.rand(2, 3, 32, 48, generator=generator)
    return {"degraded": degraded, "regions": torch.ones(2, 2, 32, 48)}


def drawn(name, path=None):
    torch.manual_seed(1)
    model = build(name)
    # Hosts that begin by changing nothing would be told from each other by nothing.
    for parameter in model.parameters():
        parameter.data += 0.01 * torch.randn(parameter.shape)
    if path:
        save_file({k: v.contiguous() for k, v in model.state_dict().items()}, path)
    return model


@pytest.mark.parametrize("name", LOCAL)
def test_a_local_version_begins_as_its_host(name, tmp_path):
    host = drawn(name.partition("+")[0], tmp_path / "host.safetensors").eval()
    local = build(name)
    start_from(local, tmp_path / "host.safetensors", batch())
    pictures = batch(1)
    with torch.no_grad():
        wanted = host(pictures["degraded"]).image
        found = local.eval()(pictures["degraded"], pictures["regions"]).image
    tails = 0.02 if name.endswith("three_tails") else 1e-4  # tails are drawn near nothing
    assert (found - wanted).abs().max() < tails
    assert (wanted - pictures["degraded"]).abs().max() > 1e-3


def test_own_weights_are_loaded_and_those_of_others_refused(tmp_path):
    own, path = drawn("zero_dce", tmp_path / "own.safetensors"), tmp_path / "own.safetensors"
    model = build("zero_dce")
    start_from(model, path, batch())
    assert all(torch.equal(own.state_dict()[k], v) for k, v in model.state_dict().items())
    for other in ("unet", "zero_dce_pp", "star_dce+ranlen"):
        with pytest.raises(CheckpointError, match=r"own\.safetensors: not weights of"):
            start_from(build(other), path, batch())
