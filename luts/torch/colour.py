"""From sRGB to CIE Lab and ITP on tensors: the twins of luts.colour, on any device.

Nothing is checked here. For scoring, not a loss: CIEDE2000 has no slope at equal or grey colours.
References as in luts.colour.colorimetry and luts.colour.itp.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..colour import itp
from ..colour.colorimetry import LINEAR_TO_XYZ, REC709_LUMINANCE, WHITE_D65

_C7_25 = 25.0**7


def luminance(linear: Tensor) -> Tensor:
    """Relative luminance of scene-linear sRGB (N, 3, H, W) by BT.709's weights: (N, 1, H, W)."""
    weights = torch.from_numpy(REC709_LUMINANCE).to(linear)
    return torch.einsum("c,nchw->nhw", weights, linear)[:, None]


def linear_to_lab(linear: Tensor) -> Tensor:
    """CIE Lab of scene-linear sRGB, (N, 3, H, W) both."""
    relative = _mixed(LINEAR_TO_XYZ / WHITE_D65[:, None], linear)
    root = relative.clamp_min((6 / 29) ** 3) ** (1 / 3)
    f = torch.where(relative > (6 / 29) ** 3, root, relative / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def delta_e_1976(one: Tensor, two: Tensor) -> Tensor:
    """CIE 1976 difference, the distance, of Lab colours (N, 3, H, W): (N, 1, H, W)."""
    return (one - two).square().sum(1, keepdim=True).sqrt()


def delta_e_2000(one: Tensor, two: Tensor) -> Tensor:
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


def difference_itp(one: Tensor, two: Tensor) -> Tensor:
    """Difference ITP of scene-linear sRGB (N, 3, H, W): (N, 1, H, W)."""
    return 720 * (_itp(one) - _itp(two)).square().sum(1, keepdim=True).sqrt()


def _itp(linear: Tensor) -> Tensor:
    power = _mixed(itp.TO_LMS * (itp.WHITE_CD_M2 / 10000), linear).clamp_min(0) ** itp.M1
    return _mixed(itp.ITP, ((itp.C1 + itp.C2 * power) / (1 + itp.C3 * power)) ** itp.M2)


def _mixed(matrix: np.ndarray, planes: Tensor) -> Tensor:
    """Multiply the colours of (N, 3, H, W) by a (3, 3) numpy matrix."""
    return torch.einsum("rc,nchw->nrhw", torch.from_numpy(matrix).to(planes), planes)


def _seventh(chroma: Tensor) -> Tensor:
    return (chroma**7 / (chroma**7 + _C7_25)).sqrt()
