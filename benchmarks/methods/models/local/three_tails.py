"""The ablation RANLEN compares itself with: a global model and one small tail per region.

S. Yao, Y. Huang, X. Xu, "Local Low-light Image Enhancement via Region-Aware Normalization", 2024,
section 4.3.2. The tails of A and B read the globally corrected image, that of C the input; the
result is their sum, each masked by its region. The paper does not give their layers.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from .. import build_host
from ..output import Output, region_maps
from ..parts.layers import start_near_zero

WIDTH = 16


class ThreeTails(nn.Module):
    """`host` names a global model; host_settings are passed to it."""

    def __init__(self, host: str, **host_settings: Any) -> None:
        super().__init__()
        self.host = build_host(host, **host_settings)
        self.tails = nn.ModuleDict({region: _Tail() for region in "ABC"})

    def forward(self, images: Tensor, regions: Tensor | None = None) -> Output:
        maps = region_maps(images, regions)
        output = self.host(images)
        in_a, in_ab = maps[:, :1], maps[:, 1:]
        image = (
            in_a * self.tails["A"](output.image)
            + (in_ab - in_a) * self.tails["B"](output.image)
            + (1 - in_ab) * self.tails["C"](images)
        )
        return replace(output, image=image)


class _Tail(nn.Module):
    """Two convolutions that predict a change."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Conv2d(3, WIDTH, 3, padding=1)
        self.outer = nn.Conv2d(WIDTH, 3, 3, padding=1)
        start_near_zero(self.outer, 1e-3)

    def forward(self, images: Tensor) -> Tensor:
        return images + self.outer(F.relu(self.inner(images)))
