"""What training minimises.

A loss is a function (output, degraded, reference, weight=None) -> {term: weighted scalar}; the
total is the sum of the terms. Images are (N, 3, H, W) encoded tensors; `weight`, (N, 1, H, W),
restricts the loss to a region. LOSSES names them for the trainer; `regions.region_loss` wraps any.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from ...methods.models.parts.region_mean import squared
from .decibels import decibels
from .pyramid import pyramid
from .retinex import retinex
from .supervised import absolute
from .zero_reference import zero_reference, zero_reference_pp

Loss = Callable[..., dict[str, Tensor]]

LOSSES: dict[str, Loss] = {
    "decibels": decibels,
    "l1": absolute,
    "l2": squared,
    "pyramid": pyramid,
    "retinex": retinex,
    "zero_reference": zero_reference,
    "zero_reference_pp": zero_reference_pp,
}
