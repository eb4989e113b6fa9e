"""`labels.ideal` on tensors: two pictures blended by the region map in linear light."""

from __future__ import annotations

import torch
from torch import Tensor

from luts.torch.transfer import decode_srgb, encode_srgb


def ideal(degraded: Tensor, reference: Tensor, weight: Tensor) -> Tensor:
    """What a perfect local correction would give; the twin of `datagen.regions.labels.ideal`.

    Parameters
    ----------
    degraded, reference : (N, 3, H, W) float, encoded
    weight : (N, 1, H, W) in [0, 1], from `datagen.regions.labels.alpha`

    Returns
    -------
    (N, 3, H, W) encoded, differentiable in both pictures. Where the weight is exactly 0 or 1 the
    pixels are the input's or the reference's own; only the few between go through linear light.
    """
    weight = weight.expand_as(reference)
    picture = torch.where(weight >= 1, reference, degraded)
    band = (weight > 0) & (weight < 1)
    share = weight[band]
    light = decode_srgb(degraded[band]) * (1 - share) + decode_srgb(reference[band]) * share
    picture[band] = encode_srgb(light)
    return picture
