"""What every model takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import torch
from torch import Tensor

from . import ModelError

if TYPE_CHECKING:
    from luts.lut import Lut

REC601 = (0.299, 0.587, 0.114)

Modulate = Callable[[str, Tensor], Tensor]
"""Called by a host as modulate(site, features) at the places named in its SITES."""


@dataclass(frozen=True)
class Output:
    """What a model returns. Encoded; clip to [0, 1] before rounding.

    image : (N, 3, H, W) the corrected images
    illumination : (N, 3, H, W) Retinex models: image = input / illumination
    curves : (N, 3 k, H, W) curve models: the k maps A in the paper's sign, x + A x (1 - x)
    levels : pyramid models: (N, 3, h, w) results of coarser levels, doubled; finest first
    terms : models that set OWN_LOSS, when a reference is given: their weighted loss terms by name
    """

    image: Tensor
    illumination: Tensor | None = None
    curves: Tensor | None = None
    levels: tuple[Tensor, ...] = ()
    terms: dict[str, Tensor] | None = None

    def float(self) -> Output:
        """The same in float32, without loss terms: what losses are computed on."""
        levels = tuple(level.float() for level in self.levels)
        illumination, curves = (
            None if x is None else x.float() for x in (self.illumination, self.curves)
        )
        return Output(self.image.float(), illumination, curves, levels)


def given(maps: Tensor | None, what: str) -> Tensor:
    """What a loss reads of an Output; ModelError where the model does not return it."""
    if maps is None:
        raise ModelError(f"this loss needs a model that returns its {what}; choose another loss")
    return maps


@runtime_checkable
class MapsColour(Protocol):
    """A model whose whole effect on a picture is one colour map, the same at every pixel.

    Such a model looks at a thumbnail, works at any resolution, and its map can leave the project:
    `benchmarks apply --cube` writes it as a .cube for any model that has this method.
    """

    def colour_maps(self, images: Tensor, regions: Tensor | None = None) -> list[Lut]:
        """The LUT of each image: Lut3D, Lut1D or ShapedLut over the domain [0, 1].

        `luts.apply(lut, encoded, "trilinear")` is what the model makes of the image; for a local
        model, what it makes of region A. `images` and `regions` as in `forward`; no gradients.
        """
        ...


@runtime_checkable
class HasSites(Protocol):
    """A host: a network that calls `modulate` at the places it names here, with their channels."""

    SITES: Mapping[str, int]


def unmodulated(site: str, features: Tensor) -> Tensor:
    """The global model: features pass as they are."""
    return features


def network_input(
    images: Tensor, regions: Tensor | None, mask_channels: int = 0, *, least: int = 1
) -> Tensor:
    """Check what came in and return what the first layer reads.

    Parameters
    ----------
    images : (N, 3, H, W) float, encoded
    regions : (N, C, H, W) or None, which means A everywhere
    mask_channels : how many region channels the first layer reads after RGB; 0 for global models
    least : smallest side the network can work on

    Returns
    -------
    (N, 3 + mask_channels, H, W)

    Raises ModelError when the shapes do not fit.
    """
    if images.ndim != 4 or images.shape[1] != 3 or not images.is_floating_point():
        raise ModelError(
            f"images must be (N, 3, H, W) float, got {tuple(images.shape)} {images.dtype}"
        )
    if min(images.shape[-2:]) < least:
        raise ModelError(
            f"this model needs images of at least {least} x {least} pixels,"
            f" got {images.shape[-2]} x {images.shape[-1]}"
        )
    if not mask_channels:
        return images
    return torch.cat([images, region_maps(images, regions, mask_channels)], dim=1)


def region_maps(images: Tensor, regions: Tensor | None, channels: int = 2) -> Tensor:
    """Return the (N, channels, H, W) region maps of `images`: ones when none are given."""
    n, _, height, width = images.shape
    if regions is None:
        return images.new_ones(n, channels, height, width)
    if regions.shape != (n, channels, height, width):
        raise ModelError(
            f"regions must be {(n, channels, height, width)} for these images,"
            f" got {tuple(regions.shape)}"
        )
    return regions.to(images.dtype)


def luma(images: Tensor) -> Tensor:
    """Rec. 601 luma (N, 1, H, W) of encoded RGB (N, 3, H, W)."""
    return (images * images.new_tensor(REC601).view(3, 1, 1)).sum(1, keepdim=True)
