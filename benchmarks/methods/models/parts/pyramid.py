"""Gaussian and Laplacian pyramids of tensors, of any size.

P. Burt, E. Adelson, "The Laplacian Pyramid as a Compact Image Code", 1983, with the binomial filter
[1 4 6 4 1] / 16 along each axis. A level of an odd size is rounded up; pixels beyond the border
repeat the last one.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from .layers import size_of


def downsample(images: Tensor) -> Tensor:
    """Blur and keep every second pixel: (N, C, H, W) to (N, C, ceil(H / 2), ceil(W / 2))."""
    for axis in (2, 3):
        size = -(-images.shape[axis] // 2)
        padded = F.pad(images, (0, 0, 2, 2) if axis == 2 else (2, 2, 0, 0), mode="replicate")
        far, near, here, next_, last = (
            padded.narrow(axis, tap, 2 * size - 1)[_every_second(axis)] for tap in range(5)
        )
        images = (far + last + 4 * (near + next_) + 6 * here) / 16
    return images


def upsample(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Zeros between the pixels and the same blur, times 4: `size` is (H, W) of the level below."""
    for axis, length in zip((2, 3), size, strict=True):
        count = images.shape[axis]
        padded = F.pad(images, (0, 0, 1, 1) if axis == 2 else (1, 1, 0, 0), mode="replicate")
        before, here, after = (padded.narrow(axis, tap, count) for tap in range(3))
        even, odd = (before + 6 * here + after) / 8, (here + after) / 2
        doubled = torch.stack([even, odd], axis + 1).flatten(axis, axis + 1)
        images = doubled.narrow(axis, 0, length)
    return images


def gaussian_pyramid(images: Tensor, levels: int) -> list[Tensor]:
    """`images` and levels - 1 halvings of it, fine to coarse."""
    pyramid = [images]
    for _ in range(levels - 1):
        pyramid.append(downsample(pyramid[-1]))
    return pyramid


def laplacian_pyramid(images: Tensor, levels: int) -> list[Tensor]:
    """What each level of the Gaussian pyramid adds to the next coarser one, fine to coarse.

    The last level is the coarsest Gaussian one. Upsampling and adding them up gives `images` back.
    """
    gaussian = gaussian_pyramid(images, levels)
    details = [
        fine - upsample(coarse, size_of(fine)) for fine, coarse in itertools.pairwise(gaussian)
    ]
    return [*details, gaussian[-1]]


def _every_second(axis: int) -> tuple[slice, ...]:
    return (slice(None),) * axis + (slice(None, None, 2),)
