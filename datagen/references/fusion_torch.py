"""`fusion` on tensors, a batch at a time, on any device: within 1/255 of the exact one.

For streams, which make their references as they go. Bytes of data sets come from `fusion`.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from luts.torch.colour import luminance
from luts.torch.transfer import encode_srgb

from .fusion import BRIGHT, BRIGHT_TO, DARK, DARK_TO, EXPOSURES, FLOOR, MOST_RANGE, SIGMA
from .pyramid import depth_of
from .tables import STEPS_PER_STOP
from .tone_order import GOAL, MOST_SWEEPS, TOLERANCE, disjoint_pairs


def fusion(linear: torch.Tensor, *, white: float | None = None) -> torch.Tensor:
    """Fuse the light of every picture of a batch into an encoded one.

    Parameters
    ----------
    linear : (B, 3, H, W) float32, scene-linear sRGB in any unit, finite
    white : see `datagen.references.fusion.fusion`

    Returns
    -------
    (B, 3, H, W) float32, sRGB-encoded, in [0, 1].
    """
    if linear.ndim != 4 or linear.shape[1] != 3:
        raise ValueError(f"fusion takes (B, 3, H, W), got {tuple(linear.shape)}")
    linear = linear.clamp(min=0)
    light = luminance(linear)[:, 0]
    gains = exposure_gains(light, white=white)[:, :, None, None, None]
    shown = encode_srgb((linear[:, None] * gains).clamp_(max=1))
    blended = _blend(shown, _weights(shown))
    within = torch.minimum(torch.maximum(blended, shown[:, 0]), shown[:, -1])
    tone = luminance(within)[:, 0]
    return _with_tone(within, tone, _keep_order(tone.clone(), light))


def exposure_gains(light: torch.Tensor, *, white: float | None = None) -> torch.Tensor:
    """The factors of the exposures to fuse, (B, 7), for luminances (B, H, W); 0 without light."""
    ordered = light.flatten(1).sort(dim=1).values
    last = ordered.shape[1] - 1
    dark, bright = (ordered[:, last * percent // 100] for percent in (DARK, BRIGHT))
    bright = torch.where(bright > 0, bright, ordered[:, last])
    first = _steps(BRIGHT_TO / bright)
    if white is not None:
        first = first.clamp(min=round(-STEPS_PER_STOP * torch.tensor(white).log2().item()))
    final = torch.minimum(_steps(DARK_TO / dark), first + MOST_RANGE)
    shares = torch.arange(EXPOSURES, device=light.device) / (EXPOSURES - 1)
    steps = (first[:, None] + (final - first).clamp(min=0)[:, None] * shares).round()
    gains = torch.exp2(steps / STEPS_PER_STOP)
    return torch.where(bright[:, None] > 0, gains, 0)


def _steps(ratio: torch.Tensor) -> torch.Tensor:
    return (ratio.log2() * STEPS_PER_STOP).round()


def _weights(shown: torch.Tensor) -> torch.Tensor:
    """Share of each exposure at each pixel: (B, N, 3, H, W) to (B, N, 1, H, W), sum over N is 1."""
    red, green, blue = shown.unbind(2)
    grey = (red + green).add_(blue).div_(3)
    saturation = (red - grey).square_().add_((green - grey).square_()).add_((blue - grey).square_())
    saturation = saturation.div_(3).sqrt_().add_(float(FLOOR))
    edged = functional.pad(grey, (1, 1, 1, 1), mode="replicate")
    around = edged[..., :-2, 1:-1] + edged[..., 2:, 1:-1]
    around.add_(edged[..., 1:-1, :-2]).add_(edged[..., 1:-1, 2:])
    contrast = around.sub_(grey, alpha=4).abs_().add_(float(FLOOR))
    off = (red - 0.5).square_().add_((green - 0.5).square_()).add_((blue - 0.5).square_())
    bell = off.mul_(-0.5 / SIGMA**2).exp_()
    weights = contrast.mul_(saturation).mul_(bell)
    return weights.div_(weights.sum(1, keepdim=True)).unsqueeze_(2)


def _blend(shown: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
    """(B, N, 3, H, W) exposures and their (B, N, 1, H, W) shares to (B, 3, H, W)."""
    levels = []
    for _ in range(depth_of((shown.shape[-2], shown.shape[-1]))):
        smaller = halve(shown)
        detail = shown - double(smaller, shown.shape[-2:])
        levels.append(detail.mul_(shares).sum(1))
        shown, shares = smaller, halve(shares)
    blended = (shown * shares).sum(1)
    for finer in reversed(levels):
        blended = double(blended, finer.shape[-2:]).add_(finer)
    return blended


def halve(pictures: torch.Tensor) -> torch.Tensor:
    """`datagen.references.pyramid.halve`."""
    return _halve(_halve(pictures, -2), -1)


def double(pictures: torch.Tensor, size: torch.Size) -> torch.Tensor:
    """`datagen.references.pyramid.double`."""
    return _double(_double(pictures, -2, size[0]), -1, size[1])


def _halve(pictures: torch.Tensor, axis: int) -> torch.Tensor:
    count = (pictures.shape[axis] + 1) // 2
    edged = _edged(pictures, axis, 2)
    rows = [_every_second(edged, axis, first, count) for first in range(5)]
    result = (rows[1] + rows[3]).mul_(4 / 16).add_(rows[2], alpha=6 / 16)
    return result.add_(rows[0], alpha=1 / 16).add_(rows[4], alpha=1 / 16)


def _double(pictures: torch.Tensor, axis: int, length: int) -> torch.Tensor:
    count = pictures.shape[axis]
    edged = _edged(pictures, axis, 1)
    before, after = edged.narrow(axis, 0, count), edged.narrow(axis, 2, count)
    even = (before + after).mul_(1 / 8).add_(pictures, alpha=6 / 8)
    odd = (pictures + after).mul_(1 / 2)
    shape = list(pictures.shape)
    shape[axis] = 2 * count
    return torch.stack([even, odd], axis % pictures.ndim + 1).view(shape).narrow(axis, 0, length)


def _edged(pictures: torch.Tensor, axis: int, width: int) -> torch.Tensor:
    first, last = pictures.narrow(axis, 0, 1), pictures.narrow(axis, -1, 1)
    return torch.cat([*[first] * width, pictures, *[last] * width], axis)


def _every_second(pictures: torch.Tensor, axis: int, first: int, count: int) -> torch.Tensor:
    whole = slice(None)
    places = slice(first, first + 2 * count - 1, 2)
    return pictures[(..., places, whole) if axis == -2 else (..., places)]


def _keep_order(tone: torch.Tensor, light: torch.Tensor) -> torch.Tensor:
    """`datagen.references.tone_order.keep_order` on (B, H, W), in place."""
    pairs = disjoint_pairs(*tone.shape[-2:])
    signs = [torch.sign(light[one] - light[two]) for one, two in pairs]
    for _ in range(MOST_SWEEPS):
        mended = False
        for (one, two), sign in zip(pairs, signs, strict=True):
            wrong = (tone[two] - tone[one]).mul_(sign)
            bad = (wrong > TOLERANCE).flatten(1).any(1)[:, None, None]
            mended = mended or bool(bad.any())
            change = wrong.sub_(GOAL).clamp_(min=0).mul_(sign).mul_(0.5).mul_(bad)
            tone[one] += change
            tone[two] -= change
        if not mended:
            break
    return tone


def _with_tone(shown: torch.Tensor, tone: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """`datagen.references.fusion._with_tone` on (B, 3, H, W)."""
    darker = shown * torch.where(wanted < tone, wanted / tone.clamp(min=1e-6), 1)[:, None]
    rest = torch.where(wanted > tone, (1 - wanted) / (1 - tone).clamp(min=1e-6), 1)[:, None]
    return 1 - (1 - darker) * rest
