"""Distance to the reference."""

from __future__ import annotations

from torch import Tensor

from ...methods.models.output import Output
from ...methods.models.parts.region_mean import region_mean


def absolute(
    output: Output, degraded: Tensor, reference: Tensor, weight: Tensor | None = None
) -> dict[str, Tensor]:
    """Mean absolute error: STAR-DCE's loss (Zhang et al., ICCV 2021, released code)."""
    return {"l1": region_mean((output.image - reference).abs(), weight)}
