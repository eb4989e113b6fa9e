"""The sRGB transfer curve on tensors: the twin of luts.colour.transfer, with finite gradients."""

from __future__ import annotations

import torch
from torch import Tensor

from ..colour.transfer import KNEE_ENCODED, KNEE_LINEAR


def encode_srgb(linear: Tensor) -> Tensor:
    """Encode scene-linear values with the exact sRGB curve.

    Parameters
    ----------
    linear : (...) float, on any device
        Negative values are mirrored (odd extension), values above 1 continue the power law.

    Returns
    -------
    (...) of the same dtype and device. The gradient is finite everywhere, 12.92 at 0.
    """
    magnitude = linear.abs()
    power = 1.055 * magnitude.clamp_min(KNEE_LINEAR) ** (1 / 2.4) - 0.055
    return torch.where(magnitude <= KNEE_LINEAR, linear * 12.92, power.copysign(linear))


def decode_srgb(encoded: Tensor) -> Tensor:
    """Undo `encode_srgb`: (...) encoded to (...) scene-linear; same extension and gradients."""
    magnitude = encoded.abs()
    power = ((magnitude.clamp_min(KNEE_ENCODED) + 0.055) / 1.055) ** 2.4
    return torch.where(magnitude <= KNEE_ENCODED, encoded / 12.92, power.copysign(encoded))
