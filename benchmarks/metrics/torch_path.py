"""The formulas of the main metrics on batches of tensors, on whatever device they are on.

The definitions are those of METRICS' own files, one value per image and never one per batch: a mean
squared error pooled over a batch is another quantity. `twins` puts them together. Nothing is
checked here. For scoring, not a loss: CIEDE2000 has no slope at equal or grey colours.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as functional
from torch import Tensor

from datagen.regions import labels as masks
from luts.colour.colorimetry import LINEAR_TO_XYZ, WHITE_D65
from luts.colour.transfer import KNEE_ENCODED, KNEE_LINEAR

from . import delta_e_itp as itp
from .angular import BLACK
from .exposure import FLOOR
from .ssim import C1, C2, LEAST_SUPPORT, RADIUS, SIGMA

_C7_25 = 25.0**7


def decode(encoded: Tensor) -> Tensor:
    """Undo the sRGB curve of values in [0, 1], any shape."""
    power = ((encoded.clamp_min(KNEE_ENCODED) + 0.055) / 1.055) ** 2.4
    return torch.where(encoded <= KNEE_ENCODED, encoded / 12.92, power)


def encode(linear: Tensor) -> Tensor:
    """Apply the sRGB curve to values >= 0, any shape."""
    power = 1.055 * linear.clamp_min(KNEE_LINEAR) ** (1 / 2.4) - 0.055
    return torch.where(linear <= KNEE_LINEAR, linear * 12.92, power)


def blend(estimate: Tensor, degraded: Tensor, alpha: Tensor) -> Tensor:
    """`local.blend` for (N, 3, H, W) encoded pictures and the (N, 1, H, W) weight of the band."""
    mixed = encode(decode(degraded) * (1 - alpha) + decode(estimate) * alpha)
    return torch.where(alpha <= 0, degraded, torch.where(alpha >= 1, estimate, mixed))


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


def lab(linear: Tensor) -> Tensor:
    """CIE Lab of scene-linear sRGB, (N, 3, H, W) both."""
    relative = _mixed(LINEAR_TO_XYZ / WHITE_D65[:, None], linear)
    root = relative.clamp_min((6 / 29) ** 3) ** (1 / 3)
    f = torch.where(relative > (6 / 29) ** 3, root, relative / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def difference_itp(one: Tensor, two: Tensor) -> Tensor:
    """Difference ITP of scene-linear sRGB (N, 3, H, W): (N, 1, H, W)."""
    return 720 * (_itp(one) - _itp(two)).square().sum(1, keepdim=True).sqrt()


def _itp(linear: Tensor) -> Tensor:
    power = _mixed(itp.TO_LMS * (itp.WHITE_CD_M2 / 10000), linear).clamp_min(0) ** itp.M1
    return _mixed(itp.ITP, ((itp.C1 + itp.C2 * power) / (1 + itp.C3 * power)) ** itp.M2)


def angles(one: Tensor, two: Tensor) -> Tensor:
    """Angle in degrees of linear RGB (N, 3, H, W), -1 where a vector is too short: (N, 1, H, W)."""
    cross = torch.linalg.cross(one, two, dim=1).square().sum(1, keepdim=True).sqrt()
    angle = torch.rad2deg(torch.atan2(cross, (one * two).sum(1, keepdim=True)))
    lengths = (vectors.square().sum(1, keepdim=True) for vectors in (one, two))
    return torch.where(torch.minimum(*lengths) >= BLACK**2, angle, -1.0)


def stops(estimate: Tensor, reference: Tensor) -> Tensor:
    """log2 of the ratio of two luminances, each lifted by FLOOR."""
    return torch.log2((estimate + FLOOR) / (reference + FLOOR))


def _mixed(matrix: object, planes: Tensor) -> Tensor:
    """Multiply the colours of (N, 3, H, W) by a (3, 3) numpy matrix."""
    return torch.einsum("rc,nchw->nrhw", torch.from_numpy(matrix).to(planes), planes)


def ciede2000(one: Tensor, two: Tensor) -> Tensor:
    """CIEDE2000 of Lab colours (N, 3, ...), with hue angles: (N, ...).

    As Sharma, Wu and Dalal (2005) number the equations.
    """
    l1, a1, b1 = one.unbind(1)
    l2, a2, b2 = two.unbind(1)
    stretch = 1.5 - 0.5 * _seventh((torch.hypot(a1, b1) + torch.hypot(a2, b2)) / 2)
    c1, c2 = torch.hypot(a1 * stretch, b1), torch.hypot(a2 * stretch, b2)
    h1, h2 = (torch.rad2deg(torch.atan2(b, a * stretch)) % 360 for a, b in ((a1, b1), (a2, b2)))
    grey = c1 * c2 == 0
    step = h2 - h1
    step = torch.where(step > 180, step - 360, torch.where(step < -180, step + 360, step))
    step = torch.where(grey, torch.zeros_like(step), step)
    total = h1 + h2
    wrapped = torch.where(total < 360, total + 360, total - 360)
    hue = torch.where((h1 - h2).abs() > 180, wrapped, total) / 2
    hue = torch.where(grey, total, hue)
    chroma, light = (c1 + c2) / 2, ((l1 + l2) / 2 - 50).square()
    weight = 1 + sum(
        factor * torch.cos(torch.deg2rad(times * hue + shift))
        for factor, times, shift in ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.2, 4, -63))
    )
    dl = (l2 - l1) / (1 + 0.015 * light / (20 + light).sqrt())
    dc = (c2 - c1) / (1 + 0.045 * chroma)
    dh = 2 * (c1 * c2).sqrt() * torch.sin(torch.deg2rad(step / 2)) / (1 + 0.015 * chroma * weight)
    turn = torch.deg2rad(60 * torch.exp(-((hue - 275) / 25).square()))
    rotation = -2 * _seventh(chroma) * torch.sin(turn)
    return (dl * dl + dc * dc + dh * dh + rotation * dc * dh).clamp_min(0).sqrt()


def _seventh(chroma: Tensor) -> Tensor:
    return (chroma**7 / (chroma**7 + _C7_25)).sqrt()
