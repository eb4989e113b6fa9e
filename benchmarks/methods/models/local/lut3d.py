"""Local versions of models whose effect is one colour map.

One map treats equal colours alike wherever they are, so it cannot correct A and leave C alone. What
the region maps can do: tell the network which pixels to judge by (concatenated to RGB, or through
region-aware normalisation), and say where the map applies: the picture is blended with the mapped
one by alpha in linear light, exactly as data sets define B (datagen.regions.labels), and C stays
untouched.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from luts.lut import Lut

from .. import ModelError, build_host
from ..networks.lut3d import ImageAdaptiveLut
from ..output import Modulate, Output, region_maps
from .ranlen import RegionNorm


class RanlenBlend(nn.Module):
    """A host whose convolutions are modulated as in RANLEN, and whose map is blended by alpha.

    No refining convolution follows, unlike `ranlen`: the effect in A stays one colour map. `host`
    is an ImageAdaptiveLut, such as AdaInt; `hidden` is the width between maps and modulation;
    host_settings are passed on.
    """

    OWN_LOSS = True

    def __init__(self, host: str, *, hidden: int = 32, **host_settings: Any) -> None:
        super().__init__()
        made = build_host(host, **host_settings)
        if not isinstance(made, ImageAdaptiveLut):
            raise ModelError(f"{host} does not mix LUTs; its local version is {host}+ranlen")
        self.host = made
        self.norms = nn.ModuleDict(
            {
                site: RegionNorm(channels, mask_channels=2, hidden=hidden, norm="batch")
                for site, channels in made.SITES.items()
            }
        )

    def forward(
        self, images: Tensor, regions: Tensor | None = None, reference: Tensor | None = None
    ) -> Output:
        return self.host(images, regions, self._modulation(images, regions), reference)

    def colour_maps(self, images: Tensor, regions: Tensor | None = None) -> list[Lut]:
        """See benchmarks.methods.models.output.MapsColour."""
        return self.host.colour_maps(images, regions, self._modulation(images, regions))

    def _modulation(self, images: Tensor, regions: Tensor | None) -> Modulate:
        maps = region_maps(images, regions)
        return lambda site, features: self.norms[site](features, maps)
