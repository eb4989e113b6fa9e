"""The formulas of the main metrics on batches of tensors, on whatever device they are on.

The definitions are those of METRICS' own files, one value per image and never one per batch: a mean
squared error pooled over a batch is another quantity. `twins` puts them together. Nothing is
checked here. Those of colours stand in luts.torch, that of blending in datagen.regions.blend_torch.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as functional
from torch import Tensor

from datagen.regions import labels as masks

from .angular import BLACK
from .exposure import FLOOR
from .ssim import C1, C2, LEAST_SUPPORT, RADIUS, SIGMA


def region_weights(labels: Tensor) -> dict[str, Tensor | None]:
    """Weights (N, 1, H, W) of each region of (N, H, W) labels; None stands for the frame."""
    parts = {name: (labels == label).float()[:, None] for name, label in masks.LABELS.items()}
    return parts | {"all": None}


def mean(values: Tensor, weight: Tensor | None) -> Tensor:
    """Average maps (N, 1, H, W) in float64, (N,); NaN where the weights add up to nothing."""
    values = values.flatten(1).double()
    if weight is None:
        return values.mean(1)
    weight = weight.flatten(1).double()
    return (values * weight).sum(1) / weight.sum(1)


def percentile(values: Tensor, weight: Tensor | None, share: float) -> Tensor:
    """Percentile (0 to 100) of maps (N, 1, H, W) over the pixels of weight 0.5 and more, (N,)."""
    values = values.flatten(1)
    if weight is None:
        weight = torch.ones_like(values)
    chosen = weight.flatten(1) >= 0.5
    counts = chosen.sum(1, keepdim=True)
    ranked = values.masked_fill(~chosen, math.inf).sort(1).values
    place = (counts - 1).clamp_min(0) * (share / 100)
    low, high = (ranked.gather(1, f(place).long()) for f in (torch.floor, torch.ceil))
    found = low + (high - low) * (place - place.floor())
    return torch.where(counts == 0, math.nan, found).squeeze(1)


def decibel(squared_error: Tensor) -> Tensor:
    """PSNR of mean squared errors on [0, 1]; inf for zero, NaN for NaN."""
    return -10 * squared_error.log10()


def ssim(estimate: Tensor, reference: Tensor, weight: Tensor | None) -> Tensor:
    """SSIM of every image, (N,): Wang's definition, by normalised convolution inside a weight.

    Parameters
    ----------
    estimate, reference : (N, 3, H, W) encoded, in [0, 1]
    weight : (N, 1, H, W) in [0, 1], or None for the frame
    """
    if min(estimate.shape[-2:]) <= 2 * RADIUS:
        return estimate.new_full((len(estimate),), math.nan)
    total, step = estimate + reference, estimate - reference
    planes = [total, step, total * total, step * step]
    counted = None
    if weight is not None:
        support = blur(weight, RADIUS, SIGMA)
        inside = weight[..., RADIUS:-RADIUS, RADIUS:-RADIUS]
        counted = inside * (support >= LEAST_SUPPORT)
        support = support.clamp_min(LEAST_SUPPORT)
        planes = [blur(plane * weight, RADIUS, SIGMA) / support for plane in planes]
    else:
        planes = [blur(plane, RADIUS, SIGMA) for plane in planes]
    total, step = planes[0].square(), planes[1].square()
    total2, step2 = planes[2] - total, planes[3] - step
    luminance = (total - step + 2 * C1) / (total + step + 2 * C1)
    contrast = (total2 - step2 + 2 * C2) / (total2 + step2 + 2 * C2)
    return mean((luminance * contrast).mean(1, keepdim=True), counted)


def smooth(values: Tensor, weight: Tensor | None) -> Tensor:
    """`exposure.smooth` with sigma 1: a blur that counts nothing outside the region or frame."""
    inside = torch.ones_like(values) if weight is None else weight
    padded = (functional.pad(plane, (4, 4, 4, 4)) for plane in (values * inside, inside))
    blurred, support = (blur(plane, 4, 1.0) for plane in padded)
    return blurred / support.clamp_min(1e-6)


def blur(planes: Tensor, radius: int, sigma: float) -> Tensor:
    """Blur every channel by a Gaussian, windows wholly inside.

    Channels last: a depthwise convolution on a CPU is six times as fast that way.
    """
    channels = planes.shape[1]
    axis = torch.arange(-radius, radius + 1, dtype=torch.float64)
    window = torch.exp(-(axis**2) / (2 * sigma**2))
    window = (window / window.sum()).to(planes)
    planes = planes.contiguous(memory_format=torch.channels_last)
    for shape in ((-1, 1), (1, -1)):
        kernel = window.reshape(1, 1, *shape).expand(channels, 1, *window.reshape(shape).shape)
        planes = functional.conv2d(planes, kernel, groups=channels)
    return planes


def angles(one: Tensor, two: Tensor) -> Tensor:
    """Angle in degrees of linear RGB (N, 3, H, W), -1 where a vector is too short: (N, 1, H, W)."""
    cross = torch.linalg.cross(one, two, dim=1).square().sum(1, keepdim=True).sqrt()
    angle = torch.rad2deg(torch.atan2(cross, (one * two).sum(1, keepdim=True)))
    lengths = (vectors.square().sum(1, keepdim=True) for vectors in (one, two))
    return torch.where(torch.minimum(*lengths) >= BLACK**2, angle, -1.0)


def stops(estimate: Tensor, reference: Tensor) -> Tensor:
    """log2 of the ratio of two luminances, each lifted by FLOOR."""
    return torch.log2((estimate + FLOOR) / (reference + FLOOR))
