"""The `auto` reference on tensors: `datagen.develop.auto_exposure` for a batch."""

from __future__ import annotations

import torch

from luts.torch.colour import luminance
from luts.torch.transfer import encode_srgb

from ..develop.auto_exposure import BRIGHTEN_EV, DARKEN_EV, MAX_EV, MIDDLE_GREY, WHITE_QUANTILE


def auto(linear: torch.Tensor) -> torch.Tensor:
    """Show every picture of a batch at its automatic exposure.

    Parameters
    ----------
    linear : (B, 3, H, W) float32, scene-linear sRGB, 1.0 = sensor clip at EV 0

    Returns
    -------
    (B, 3, H, W) float32, sRGB-encoded, in [0, 1].
    """
    gains = torch.exp2(auto_exposure(linear))[:, None, None, None]
    return encode_srgb((linear * gains).clamp_(0, 1))


def auto_exposure(linear: torch.Tensor) -> torch.Tensor:
    """Stops from as shot of every picture, (B,), for (B, 3, H, W) linear light."""
    brightest, light = linear.amax(1).flatten(1), luminance(linear).flatten(1)
    white = torch.quantile(brightest, WHITE_QUANTILE, dim=1)
    lit = white > 0
    white = torch.where(lit, white, 1)
    middle = (torch.quantile(light, 0.5, dim=1) / white).clamp(min=1e-6)
    towards_grey = torch.log2(MIDDLE_GREY / middle).clamp(-DARKEN_EV, BRIGHTEN_EV)
    stops = (towards_grey - torch.log2(white)).clamp(-MAX_EV, MAX_EV)
    return torch.where(lit, (stops * 1000).round() / 1000, 0)
