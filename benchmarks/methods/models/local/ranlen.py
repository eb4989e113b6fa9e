"""RANLEN: region-aware normalisation turns a global model into a local one.

S. Yao, Y. Huang, X. Xu, "Local Low-light Image Enhancement via Region-Aware Normalization", 2024,
section 3.2. No code was published; where the text leaves a choice:

* equation 1 scales by gamma; here by 1 + gamma, as SPADE (Park et al., CVPR 2019), because a fresh
  gamma near 0 would silence the layer
* equation 1's statistics are per channel over the batch: batch normalisation. The hosts have no
  norm layers of their own; instance normalisation would remove the brightness they have to judge
* gamma and beta share the first of their two layers; its width is a setting
* the refining convolution is 3 x 3 and starts as the identity
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from .. import ModelError, build_host
from ..output import HasSites, Output, region_maps
from ..parts.layers import bias_of, identity_convolution, size_of

NORMS = {
    "batch": lambda channels: nn.BatchNorm2d(channels, affine=False),
    "instance": lambda channels: nn.InstanceNorm2d(channels),
    "none": lambda channels: nn.Identity(),
}


class RegionNorm(nn.Module):
    """norm(h) (1 + gamma(M)) + beta(M), equation 1, with M the region maps at the size of h."""

    def __init__(self, channels: int, *, mask_channels: int, hidden: int, norm: str) -> None:
        super().__init__()
        self.norm = NORMS[norm](channels)
        self.embed = nn.Conv2d(mask_channels, hidden, 3, padding=1)
        self.modulation = nn.Conv2d(hidden, 2 * channels, 3, padding=1)

    def forward(self, h: Tensor, maps: Tensor) -> Tensor:
        # Averaging keeps the share of each cell that a region covers; nearest would lose thin ones.
        maps = F.adaptive_avg_pool2d(maps, size_of(h))
        gamma, beta = self.modulation(F.relu(self.embed(maps))).chunk(2, dim=1)
        return self.norm(h) * (1 + gamma) + beta

    @torch.no_grad()
    def be_neutral(self, h: Tensor) -> None:
        """Change nothing in features like `h` yet: gamma and beta undo the normalisation."""
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(bias_of(self.modulation))
        if isinstance(self.norm, nn.BatchNorm2d):
            variance, mean = torch.var_mean(h.float(), (0, 2, 3))
            for held, seen in ((self.norm.running_mean, mean), (self.norm.running_var, variance)):
                if held is not None:
                    held.copy_(seen)
            deviation = (variance + self.norm.eps).sqrt()
            bias_of(self.modulation).copy_(torch.cat([deviation - 1, mean]))


class Ranlen(nn.Module):
    """A host whose features are modulated by the region maps at every site it names.

    Parameters
    ----------
    host : name of a global model that has SITES
    mask_channels : 2 reads A and A-or-B; 1 reads A alone (the ablation without a band)
    hidden : channels between the maps and gamma, beta; SPADE's 128 would outweigh hosts of 32
    norm : "batch" as in the paper, "instance" or "none"
    host_settings : passed to the host
    """

    def __init__(
        self,
        host: str,
        *,
        mask_channels: int = 2,
        hidden: int = 32,
        norm: str = "batch",
        **host_settings: Any,
    ) -> None:
        super().__init__()
        if norm not in NORMS:
            raise ModelError(f"norm must be one of {', '.join(NORMS)}, got {norm!r}")
        made = build_host(host, **host_settings)
        if not isinstance(made, HasSites):
            raise ModelError(f"{host} has no features that regions could modulate")
        self.host = made
        # Module names may not hold dots.
        self.norms = nn.ModuleDict(
            {
                site.replace(".", "_"): RegionNorm(
                    channels, mask_channels=mask_channels, hidden=hidden, norm=norm
                )
                for site, channels in made.SITES.items()
            }
        )
        self.mask_channels = mask_channels
        self.refine = identity_convolution()

    def forward(self, images: Tensor, regions: Tensor | None = None) -> Output:
        maps = region_maps(images, regions)[:, : self.mask_channels]

        def modulate(site: str, features: Tensor) -> Tensor:
            return self.norms[site.replace(".", "_")](features, maps)

        output = self.host(images, modulate=modulate)
        return replace(output, image=self.refine(output.image))
