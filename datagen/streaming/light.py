"""Small operations on batches of pictures that a stream's stages share."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ..raw.highlights import OPPONENT


def transform(matrices: Tensor, images: Tensor) -> Tensor:
    """Take each image (N, 3, H, W) through its matrix (N, 3, 3).

    Written out: a matrix product's last bit may depend on where in memory its parts lie.
    """
    m = matrices.to(images.dtype)[..., None, None, None]  # (N, 3, 3, 1, 1, 1)
    red, green, blue = images[:, None].unbind(2)  # (N, 1, H, W) each
    return torch.cat(
        [m[:, k, 0] * red + m[:, k, 1] * green + m[:, k, 2] * blue for k in range(3)], 1
    )


def quantiles(values: Tensor, share: float) -> Tensor:
    """The quantile of every row of (N, P), between neighbours as numpy's."""
    position = share * (values.shape[1] - 1)
    below = int(position)
    # Two order statistics near the top: a partial sort of what lies above them.
    top = values.shape[1] - below
    if top > values.shape[1] // 2:
        ordered = values.sort(1).values
        low, high = ordered[:, below], ordered[:, min(below + 1, values.shape[1] - 1)]
    else:
        largest = values.topk(top, dim=1).values
        low, high = largest[:, -1], largest[:, max(top - 2, 0)]
    return low + (position - below) * (high - low)


def blend_highlights(light: Tensor) -> Tensor:
    """`datagen.raw.highlights.blend` on (N, 3, H, W)."""
    over = light.amax(1, keepdim=True) > 1
    if not over.any():
        return light
    whole, cut = (_chroma(rgb) for rgb in (light, light.clamp(max=1)))
    ratio = (cut / whole.clamp(min=1e-12)).clamp(max=1).sqrt()
    mean = light.mean(1, keepdim=True)
    return torch.where(over, mean + (light - mean) * ratio, light)


def cut_highlights(light: Tensor) -> Tensor:
    """`datagen.raw.highlights.clip`."""
    return light.clamp(max=1)


HIGHLIGHTS: dict[str, Callable[[Tensor], Tensor]] = {
    "blend": blend_highlights,
    "clip": cut_highlights,
}


def _chroma(rgb: Tensor) -> Tensor:
    """Squared length (N, 1, H, W) along the chroma axes of OPPONENT."""
    red, green, blue = rgb.split(1, 1)
    axes = ([float(x) for x in axis] for axis in OPPONENT[1:])
    return sum((r * red + g * green + b * blue).square() for r, g, b in axes)


def quantised(encoded: Tensor, bits: int) -> Tensor:
    """Round to the nearest of 2**bits codes, and back to [0, 1]."""
    top = 2**bits - 1
    return (encoded.clamp(0, 1) * top).round() / top
