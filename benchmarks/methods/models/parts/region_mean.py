"""Means over a region: the one place that decides what "divided by its coverage" means."""

from __future__ import annotations

from torch import Tensor

from ..output import Output

TINY = 1e-6


def region_mean(values: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean of `values` over the region of each image, then over the images that have the region.

    Parameters
    ----------
    values : (N, C, H, W)
    weight : (N, 1, H, W) in [0, 1], or None for everywhere

    Returns
    -------
    Scalar; 0 when no image has the region. For a 0/1 weight this is (mean of values * weight) over
    coverage, the L / r of RANLEN's equation 5.
    """
    if weight is None:
        return values.mean()
    covered = weight.sum((1, 2, 3))
    sums = (values * weight).sum((1, 2, 3)) / values.shape[1]
    return (sums / covered.clamp(min=TINY)).sum() / (covered > 0).sum().clamp(min=1)


def squared(
    output: Output, degraded: Tensor, reference: Tensor, weight: Tensor | None = None
) -> dict[str, Tensor]:
    """Mean squared error."""
    return {"l2": region_mean((output.image - reference).square(), weight)}
