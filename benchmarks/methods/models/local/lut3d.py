"""Local versions of models whose effect is one colour map.

One map treats equal colours alike wherever they are, so it cannot correct A and leave C alone. What
the region maps can do: tell the network which pixels to judge by (concatenated to RGB, or through
region-aware normalisation), and say where the map applies: the picture is blended with the mapped
one by alpha in linear light, exactly as data sets define B (datagen.regions.labels), and C stays
untouched.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from datagen.regions.blend_torch import ideal
from datagen.regions.labels import alpha
from luts.lut import Lut

from .. import ModelError, build
from ..output import Output, region_maps
from .ranlen import RegionNorm


def blend_by_regions(degraded: Tensor, mapped: Tensor, regions: Tensor) -> Tensor:
    """`regions.labels.ideal` on a batch: `mapped` in A, `degraded` in C, a blend by alpha in B.

    degraded, mapped : (N, 3, H, W) encoded; regions : (N, 2, H, W), A and A-or-B as 0 and 1

    Differentiable in both pictures; the weights are computed on the CPU.
    """
    labels = regions.sum(1).round().byte().cpu().numpy()
    weight = torch.from_numpy(np.stack([alpha(label) for label in labels])[:, None])
    return ideal(degraded, mapped, weight.to(mapped))


class RanlenBlend(nn.Module):
    """A host whose convolutions are modulated as in RANLEN, and whose map is blended by alpha.

    No refining convolution follows, unlike `ranlen`: the effect in A stays one colour map. `host`
    is a model of models.lut3d or adaint; `hidden` is the width between maps and modulation;
    host_settings are passed on.
    """

    OWN_LOSS = True

    def __init__(self, host: str, *, hidden: int = 32, **host_settings: Any) -> None:
        super().__init__()
        self.host = build(host, **host_settings)
        if not hasattr(self.host, "restraints"):
            raise ModelError(f"{host} does not mix LUTs; its local version is {host}+ranlen")
        self.norms = nn.ModuleDict(
            {
                site: RegionNorm(channels, mask_channels=2, hidden=hidden, norm="batch")
                for site, channels in self.host.SITES.items()
            }
        )

    def forward(
        self, images: Tensor, regions: Tensor | None = None, reference: Tensor | None = None
    ) -> Output:
        return self.host(images, regions, self._modulation(images, regions), reference)

    def colour_maps(self, images: Tensor, regions: Tensor | None = None) -> list[Lut]:
        """See benchmarks.methods.models.output.MapsColour."""
        return self.host.colour_maps(images, regions, self._modulation(images, regions))

    def _modulation(self, images: Tensor, regions: Tensor | None):
        maps = region_maps(images, regions)
        return lambda site, features: self.norms[site](features, maps)
