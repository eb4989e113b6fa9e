"""LPIPS from given weight files: the package's number, and files that are not weights refused."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
import torch

from benchmarks.cli import main
from benchmarks.front import run
from benchmarks.metrics import METRICS, MetricError, lpips_files, score_regions
from benchmarks.metrics.lpips import CHANNELS, LAYERS, lpips_metric

KERNELS = (11, 5, 3, 3, 3)


@pytest.fixture
def files(tmp_path) -> tuple:
    """Random weights in the shapes of torchvision's AlexNet and of the v0.1 heads."""
    make = torch.Generator().manual_seed(3)
    trunk, heads, before = {}, {}, 3
    for k, ((index, *_), channels, size) in enumerate(zip(LAYERS, CHANNELS, KERNELS, strict=True)):
        shape = (channels, before, size, size)
        trunk[f"features.{index}.weight"] = torch.randn(shape, generator=make) * 0.1
        trunk[f"features.{index}.bias"] = torch.randn(channels, generator=make) * 0.1
        heads[f"lin{k}.model.1.weight"] = torch.rand((1, channels, 1, 1), generator=make)
        before = channels
    paths = tmp_path / "alexnet.pth", tmp_path / "alex.pth"
    for state, path in zip((trunk, heads), paths, strict=True):
        torch.save(state, path)
    return paths


def test_the_value_is_the_lpips_packages(files, rng):
    if not (importlib.util.find_spec("lpips") and importlib.util.find_spec("torchvision")):
        pytest.skip("needs the lpips package and torchvision")
    import lpips

    peer = lpips.LPIPS(net="alex", pretrained=False, pnet_rand=True, verbose=False).eval()
    slices = [peer.net.slice1, peer.net.slice2, peer.net.slice3, peer.net.slice4, peer.net.slice5]
    trunk = torch.load(files[0], weights_only=True)
    for part, (index, *_) in zip(slices, LAYERS, strict=True):
        convolution = part[-2]
        convolution.weight.data = trunk[f"features.{index}.weight"]
        convolution.bias.data = trunk[f"features.{index}.bias"]
    peer.load_state_dict(torch.load(files[1], weights_only=True), strict=False)
    images = rng.random((2, 97, 130, 3), np.float32)
    tensors = torch.from_numpy(images).permute(0, 3, 1, 2)
    with torch.inference_mode():
        expected = float(peer(tensors[:1], tensors[1:], normalize=True))
    assert lpips_metric(*files)(*images) == pytest.approx(expected, rel=1e-4)


def test_equal_images_are_zero_and_worse_ones_are_further(files, rng):
    metric = lpips_metric(*files)
    reference = rng.random((80, 90, 3), np.float32)
    noise = rng.normal(0, 1, reference.shape)
    near, far = (np.clip(reference + s * noise, 0, 1).astype(np.float32) for s in (0.01, 0.1))
    assert metric(reference, reference) == 0
    assert 0 < metric(near, reference) < metric(far, reference)
    assert np.isnan(metric(near[:40], reference[:40]))


def test_it_is_scored_beside_the_table_when_given(files, rng):
    metric = lpips_metric(*files)
    images = rng.random((3, 70, 80, 3), np.float32)
    values = score_regions(*images, np.full((70, 80), 2, np.uint8), names=["psnr", metric])
    assert values["lpips@1(alex,v0.1,[0,1])[all]"] == pytest.approx(metric(*images[:2]))


def test_a_run_takes_the_weights_that_the_user_names(files, rng, monkeypatch):
    lpips_files._loaded.cache_clear()
    monkeypatch.setenv(lpips_files.VARIABLE, "one")
    with pytest.raises(MetricError, match="give two files, AlexNet:HEADS"):
        METRICS["lpips"].check_ready()
    monkeypatch.setenv(lpips_files.VARIABLE, ":".join(map(str, files)))
    METRICS["lpips"].check_ready()
    images = rng.random((2, 70, 80, 3), np.float32)
    assert METRICS["lpips"](*images) == pytest.approx(lpips_metric(*files)(*images))
    lpips_files._loaded.cache_clear()


def test_without_weights_a_run_is_refused_before_anything_is_made(
    tiny_data, tmp_path, monkeypatch, capsys
):
    lpips_files._loaded.cache_clear()
    monkeypatch.delenv(lpips_files.VARIABLE, raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    arguments = ["--data", str(tiny_data), "--out", str(tmp_path / "o"), "--methods", "gamma"]
    assert main(["run", *arguments, "--metrics", "lpips"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "set TONEBENCH_LPIPS=ALEXNET:HEADS" in line
    assert not (tmp_path / "o").exists()


def test_niqe_is_refused_before_anything_is_made(tiny_data, tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.metrics.no_reference.importlib.util.find_spec", lambda n: None)
    with pytest.raises(MetricError, match="need pyiqa"):
        run(tiny_data, ["gamma"], tmp_path / "o", metrics=["niqe"])
    assert not (tmp_path / "o").exists()


def test_other_files_are_refused(files, tmp_path, capsys):
    with pytest.raises(MetricError, match="no such file"):
        lpips_metric(tmp_path / "none.pth", files[1])
    with pytest.raises(MetricError, match=r"holds no 'features\.0\.weight'"):
        lpips_metric(files[1], files[1])
    text = tmp_path / "notes.txt"
    text.write_text("not weights")
    with pytest.raises(MetricError, match="not a PyTorch weight file"):
        lpips_metric(text, files[1])
    heads = torch.load(files[1], weights_only=True)
    heads["lin0.model.1.weight"] = torch.zeros(1, 128, 1, 1)
    torch.save(heads, tmp_path / "vgg.pth")
    with pytest.raises(MetricError, match="beside 64 channels"):
        lpips_metric(files[0], tmp_path / "vgg.pth")


def test_the_dial_shows_it(files, tmp_path, rng, capsys):
    from datagen.images.files import write_image

    for name in "er":
        write_image(tmp_path / f"{name}.png", rng.integers(0, 256, (70, 80, 3), np.uint8))
    pictures = [str(tmp_path / f"{name}.png") for name in "er"]
    assert main(["dial", *pictures, "--lpips", *map(str, files)]) == 0
    assert "| lpips | frame |" in capsys.readouterr().out
