"""The batched metrics say what the table says, image by image."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.conformance.checks import disc, pictures
from benchmarks.conformance.sharma2005 import PAIRS
from benchmarks.metrics import METRICS, torch_path

NAMES = ("psnr", "ssim", "delta_e_2000")
CASES = [
    "cpu",
    pytest.param(
        "cuda",
        marks=[
            pytest.mark.gpu,
            pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
        ],
    ),
]


def batch(dtype: torch.dtype, device: str) -> tuple[list, list[torch.Tensor]]:
    pairs = [pictures(67, 91, seed) for seed in (1, 2, 3)]
    stacked = (np.stack(images).transpose(0, 3, 1, 2) for images in zip(*pairs, strict=True))
    return pairs, [torch.from_numpy(images).to(device, dtype) for images in stacked]


@pytest.mark.parametrize("device", CASES)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("masked", [False, True])
def test_a_batch_equals_the_definition_image_by_image(name, masked, device):
    weight = disc(67, 91) if masked else None
    for dtype, tolerance in ((torch.float64, 1e-9), (torch.float32, 1e-6)):
        pairs, tensors = batch(dtype, device)
        exact = [METRICS[name](*pair, weight) for pair in pairs]
        if masked:
            tensors.append(torch.from_numpy(weight).to(device, dtype).expand(3, 1, -1, -1))
        values = getattr(torch_path, name)(*tensors)
        assert values.shape == (3,)
        # PSNR is in dB: relative, as 1e-6 of a squared error is.
        assert values.cpu().numpy() == pytest.approx(
            exact, abs=tolerance, rel=0 if name == "ssim" else 10 * tolerance
        )


def test_sharmas_pairs_hold_for_tensors():
    one, two = (torch.from_numpy(PAIRS[None, None, :, k : k + 3]) for k in (0, 3))
    planes = (lab.permute(0, 3, 1, 2) for lab in (one, two))
    difference = torch_path._ciede2000(*planes).flatten()
    assert difference.numpy() == pytest.approx(PAIRS[:, 6], abs=1e-4)


def test_an_empty_weight_is_nan_and_equal_images_are_inf():
    _, (estimate, _) = batch(torch.float32, "cpu")
    assert torch.isinf(torch_path.psnr(estimate, estimate)).all()
    nothing = torch.zeros_like(estimate[:, :1])
    for name in NAMES:
        assert torch.isnan(getattr(torch_path, name)(estimate, estimate, nothing)).all()
