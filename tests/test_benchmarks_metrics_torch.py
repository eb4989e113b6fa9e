"""The metrics on tensors say what the table says, image by image."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.conformance.checks import pictures
from benchmarks.conformance.sharma2005 import PAIRS
from benchmarks.methods.blend import blend
from benchmarks.metrics import METRICS, Target, find_metrics, score_target, torch_path
from benchmarks.metrics.twins import TOLERANCE, TWINS, TargetTensors, score_batch
from datagen.regions.blend_torch import ideal
from datagen.regions.labels import alpha
from luts.torch import colour

DEVICES = [
    "cpu",
    pytest.param(
        "cuda",
        marks=[
            pytest.mark.gpu,
            pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
        ],
    ),
]


def labels(height: int, width: int) -> np.ndarray:
    """A disc of A with a band around it, off centre, one corner left to C."""
    y, x = np.mgrid[:height, :width]
    away = np.hypot(y - 0.6 * height, x - 0.4 * width)
    inner, outer = 0.25 * height, 0.45 * height
    return np.where(away < inner, 2, np.where(away < outer, 1, 0)).astype(np.uint8)


def samples() -> tuple[list[Target], list[np.ndarray]]:
    """Three of one size: noise, an estimate that changed one pixel of C, and one all A."""
    maps = [labels(67, 91), labels(67, 91), np.full((67, 91), 2, np.uint8)]
    targets, estimates = [], []
    for seed, regions in enumerate(maps, start=1):
        estimate, reference = (p.astype(np.float32) for p in pictures(67, 91, seed))
        target = Target(reference, np.sqrt(reference), regions)
        targets.append(target)
        estimates.append(estimate if seed != 2 else target.ideal.encoded.copy())
    estimates[1][0, 0] += 0.25
    return targets, estimates


def tensors(images: list[np.ndarray], device: str) -> torch.Tensor:
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).to(device)


@pytest.fixture(scope="module", params=DEVICES)
def batch(request):
    targets, estimates = samples()
    ids, values = score_batch(
        tensors(estimates, request.param), TargetTensors(targets, request.param), find_metrics()
    )
    exact = [score_target(e, t) for e, t in zip(estimates, targets, strict=True)]
    return {id_: values[:, k].cpu().numpy() for k, id_ in enumerate(ids)}, exact


@pytest.mark.parametrize("name", TWINS)
def test_a_batch_equals_the_definition_image_by_image(name, batch):
    got, exact = batch
    for region in METRICS[name].regions:
        id_ = METRICS[name].region_id(region)
        expected = [values[id_] for values in exact]
        assert got[id_] == pytest.approx(expected, rel=TOLERANCE, abs=TOLERANCE, nan_ok=True), id_


def test_an_untouched_region_is_infinitely_good_and_an_empty_one_has_no_value(batch):
    got, _ = batch
    psnr = METRICS["psnr"]
    assert got[psnr.region_id("B")][1] == np.inf
    for name in ("psnr", "ssim", "delta_e_2000_max", "delta_e_2000_p99", "unchanged"):
        assert np.isnan(got[METRICS[name].region_id("C")][2]), name


def test_every_twin_stands_for_a_metric():
    assert TWINS.keys() <= METRICS.keys()
    assert {"psnr", "ssim", "delta_e_2000"} <= TWINS.keys()


def test_sharmas_pairs_hold_for_tensors():
    one, two = (torch.from_numpy(PAIRS[None, None, :, k : k + 3]) for k in (0, 3))
    planes = (lab.permute(0, 3, 1, 2) for lab in (one, two))
    difference = colour.delta_e_2000(*planes).flatten()
    assert difference.numpy() == pytest.approx(PAIRS[:, 6], abs=1e-4)


def test_a_blend_of_tensors_is_that_of_arrays():
    regions = labels(67, 91)
    estimate, degraded = (p.astype(np.float32) for p in pictures(67, 91, 1))
    weight = torch.from_numpy(alpha(regions))[None, None]
    got = ideal(tensors([degraded], "cpu"), tensors([estimate], "cpu"), weight)
    got, expected = got[0].permute(1, 2, 0).numpy(), blend(estimate, degraded, regions)
    np.testing.assert_allclose(got, expected, atol=1e-6)
    np.testing.assert_array_equal(got[regions != 1], expected[regions != 1])


@pytest.mark.parametrize("size", [10, 11])
def test_pictures_smaller_than_a_window_have_no_ssim(size):
    plane = torch.rand(1, 3, size, 40)
    assert torch.isnan(torch_path.ssim(plane, plane, None)).item() == (size <= 10)
