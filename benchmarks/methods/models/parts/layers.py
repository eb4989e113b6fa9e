"""Small things that several models do with their layers."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn


def bias_of(layer: nn.Conv2d | nn.ConvTranspose2d | nn.Linear) -> Tensor:
    """The bias of a layer that was made with one; ValueError otherwise."""
    if layer.bias is None:
        raise ValueError(f"{layer} was made without a bias")
    return layer.bias


def start_near_zero(layer: nn.Conv2d | nn.Linear, sigma: float) -> None:
    """Draw weights around 0, with no bias: what the layer predicts counts for little at first."""
    nn.init.normal_(layer.weight, 0.0, sigma)
    nn.init.zeros_(bias_of(layer))


def identity_convolution() -> nn.Conv2d:
    """A 3 x 3 convolution of RGB that changes nothing yet."""
    conv = nn.Conv2d(3, 3, 3, padding=1)
    with torch.no_grad():
        conv.weight.zero_()
        conv.weight[range(3), range(3), 1, 1] = 1
        bias_of(conv).zero_()
    return conv


def size_of(images: Tensor) -> tuple[int, int]:
    """Height and width of a batch."""
    return images.shape[-2], images.shape[-1]


def total(terms: Iterable[Tensor]) -> Tensor:
    """The sum of one or more tensors, from the first to the last."""
    first, *others = terms
    return sum(others, first)
