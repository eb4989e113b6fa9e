"""The main metrics on batches of tensors, on whatever device they are on.

The same definitions as METRICS (PSNR, SSIM, CIEDE2000, each with a soft weight), one value per
image and never one per batch: a mean squared error pooled over a batch is another quantity. Nothing
is checked here. For validation and for scoring on a GPU, not a loss: CIEDE2000 has no slope at
equal or grey colours.
"""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import Tensor

from luts.colorimetry import LINEAR_TO_XYZ, WHITE_D65
from luts.transfer import KNEE_ENCODED

from .ssim import C1, C2, LEAST_SUPPORT, RADIUS, SIGMA

_C7_25 = 25.0**7


def psnr(estimate: Tensor, reference: Tensor, weight: Tensor | None = None) -> Tensor:
    """PSNR in dB of every image.

    Parameters
    ----------
    estimate, reference : (N, 3, H, W) encoded, in [0, 1]
    weight : (N, 1, H, W) in [0, 1], or None for the frame

    Returns
    -------
    (N,); inf for identical images, NaN for an empty weight.
    """
    return -10 * _mean((estimate - reference).square().mean(1, keepdim=True), weight).log10()


def ssim(estimate: Tensor, reference: Tensor, weight: Tensor | None = None) -> Tensor:
    """SSIM of every image, Wang's definition; by normalised convolution inside a weight.

    Arguments and result as for `psnr`.
    """
    total, step = estimate + reference, estimate - reference
    planes = [total, step, total * total, step * step]
    counted = None
    if weight is not None:
        weight = weight.to(estimate.dtype)
        support = _blur(weight)
        inside = weight[..., RADIUS:-RADIUS, RADIUS:-RADIUS]
        counted = inside * (support >= LEAST_SUPPORT)
        support = support.clamp_min(LEAST_SUPPORT)
        planes = [_blur(plane * weight) / support for plane in planes]
    else:
        planes = [_blur(plane) for plane in planes]
    total, step = planes[0].square(), planes[1].square()
    total2, step2 = planes[2] - total, planes[3] - step
    luminance = (total - step + 2 * C1) / (total + step + 2 * C1)
    contrast = (total2 - step2 + 2 * C2) / (total2 + step2 + 2 * C2)
    return _mean((luminance * contrast).mean(1, keepdim=True), counted)


def delta_e_2000(estimate: Tensor, reference: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean CIEDE2000 of every image; arguments and result as for `psnr`."""
    return _mean(_ciede2000(_lab(estimate), _lab(reference)), weight)


def _mean(values: Tensor, weight: Tensor | None) -> Tensor:
    values = values.flatten(1).double()
    if weight is None:
        return values.mean(1)
    weight = weight.flatten(1).double()
    return (values * weight).sum(1) / weight.sum(1)


def _blur(planes: Tensor) -> Tensor:
    """Blur every channel by the 11 x 11 Gaussian, windows wholly inside.

    Channels last: a depthwise convolution on a CPU is six times as fast that way.
    """
    channels = planes.shape[1]
    axis = torch.arange(-RADIUS, RADIUS + 1, dtype=torch.float64)
    window = torch.exp(-(axis**2) / (2 * SIGMA**2))
    window = (window / window.sum()).to(planes)
    planes = planes.contiguous(memory_format=torch.channels_last)
    for shape in ((-1, 1), (1, -1)):
        kernel = window.reshape(1, 1, *shape).expand(channels, 1, *window.reshape(shape).shape)
        planes = functional.conv2d(planes, kernel, groups=channels)
    return planes


def _lab(encoded: Tensor) -> Tensor:
    linear = torch.where(
        encoded <= KNEE_ENCODED, encoded / 12.92, ((encoded + 0.055) / 1.055).clamp_min(0) ** 2.4
    )
    matrix = torch.from_numpy(LINEAR_TO_XYZ / WHITE_D65[:, None]).to(encoded)
    relative = torch.einsum("rc,nchw->nrhw", matrix, linear)
    root = relative.clamp_min((6 / 29) ** 3) ** (1 / 3)
    f = torch.where(relative > (6 / 29) ** 3, root, relative / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def _ciede2000(one: Tensor, two: Tensor) -> Tensor:
    """CIEDE2000 with hue angles, as Sharma, Wu and Dalal (2005) number the equations."""
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
