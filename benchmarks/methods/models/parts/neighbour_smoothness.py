"""Smoothness over a window of 5 x 5, weighted by how alike the input's colours are.

Ma et al., "Toward fast, flexible, and robust low-light image enhancement", CVPR 2022 (SCI), the
smoothness loss; Liu et al., "Retinex-inspired unrolling with cooperative prior architecture
search", CVPR 2021 (RUAS). Colours are compared in the YCbCr of their released code, BT.601 in
studio range; each pair of pixels counts twice there, as here.
"""

from __future__ import annotations

import torch
from torch import Tensor

OFFSETS = (
    *((0, 1), (1, 0), (1, 1), (1, -1), (0, 2), (2, 0)),
    *((2, 1), (2, -1), (1, 2), (1, -2), (2, 2), (2, -2)),
)
YCBCR = ((0.257, 0.564, 0.098), (-0.148, -0.291, 0.439), (0.439, -0.368, -0.071))
SIGMA = 10.0  # of colour differences, SCI


def neighbour_smoothness(smooth: Tensor, guide: Tensor, *, sigma: float = SIGMA) -> Tensor:
    """Mean weighted L1 step of `smooth` between neighbours, summed over 24 of them.

    Parameters
    ----------
    smooth : (N, 3, H, W), H and W 3 or more
    guide : (N, 3, H, W) encoded

    Returns
    -------
    Scalar; 0 for a constant.
    """
    colours = torch.einsum("oc,nchw->nohw", guide.new_tensor(YCBCR), guide)
    total = smooth.new_zeros(())
    for dy, dx in OFFSETS:
        steps = (_step(each, dy, dx) for each in (colours, smooth))
        apart, change = next(steps), next(steps)
        weight = (-apart.square().sum(1, keepdim=True) / (2 * sigma**2)).exp()
        total = total + 2 * (weight * change.abs().sum(1, keepdim=True)).mean()
    return total


def _step(x: Tensor, dy: int, dx: int) -> Tensor:
    """x at (y + dy, x + dx) less x at (y, x), where both are inside."""
    height, width = x.shape[-2:]
    left, right = max(0, -dx), width - max(0, dx)
    return x[..., dy:, left + dx : right + dx] - x[..., : height - dy, left:right]
