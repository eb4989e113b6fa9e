"""Distance to the reference, and its logarithm: what a mean of PSNR rewards."""

from __future__ import annotations

import torch
from torch import Tensor

from ...methods.models.output import Output
from ...methods.models.parts.region_mean import TINY, region_mean

WEIGHT, SMALLEST_ERROR = 0.05, 1e-5  # of the logarithm beside L1; of a picture's squared error


def decibels(
    output: Output, degraded: Tensor, reference: Tensor, weight: Tensor | None = None
) -> dict[str, Tensor]:
    """L1, and the logarithm of each picture's mean squared error.

    L1 alone trades a picture that is nearly right for one that stays wrong; the logarithm values a
    decibel alike wherever it is gained. Pictures without any pixel of the region teach nothing.
    """
    error = output.image - reference
    if weight is None:
        weight = torch.ones_like(error[:, :1])
    covered = weight.sum((1, 2, 3))
    squared = (error.square().mean(1, keepdim=True) * weight).sum((1, 2, 3))
    logarithm = (squared / covered.clamp(min=TINY) + SMALLEST_ERROR).log()
    some = (covered > 0).to(error)
    return {
        "l1": region_mean(error.abs(), weight),
        "log l2": WEIGHT * (logarithm * some).sum() / some.sum().clamp(min=1),
    }
