"""The four losses of Zero-DCE, which need no reference.

C. Guo et al., CVPR 2020, equations 4 to 8. Where the printed formulas and the authors' code differ,
this is the code, since the published weights came from it:

* spatial: signed differences; the printed absolute values are not taken
* exposure: squared, to 0.6; printed absolute
* colour: root of the sum of fourth powers; printed sum of squares. 1e-12 under the root keeps the
  gradient finite on a grey image, where the code's is NaN
* smoothness: squares summed over all curve channels
* weights 1, 10, 5, 200; printed 1, 1, 0.5, 20, so the spatial term counts ten times less
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from ...methods.models import ModelError
from ...methods.models.output import Output, given
from ...methods.models.parts.layers import total
from ...methods.models.parts.region_mean import region_mean

SPATIAL_CELL = 4
EXPOSURE_CELL = 16
EXPOSURE_LEVEL = 0.6
COLOUR_FLOOR = 1e-12
WEIGHTS = {"spatial": 1.0, "exposure": 10.0, "colour": 5.0, "smoothness": 200.0}


def spatial_consistency(
    estimate: Tensor, degraded: Tensor, weight: Tensor | None = None, border: str = "constant"
) -> Tensor:
    """How much the differences between neighbouring 4x4 cells change, summed over four neighbours.

    `border="constant"` pads with 0 as the code does, which makes the outermost cells compare
    absolute brightness; "replicate" leaves them out of it.
    """
    # Differences of differences are linear: take them once, on the change itself.
    change = F.avg_pool2d((estimate - degraded).mean(1, keepdim=True), SPATIAL_CELL)
    padded = F.pad(change, [1, 1, 1, 1], mode=border)
    sides = (
        padded[..., 1:-1, :-2],
        padded[..., 1:-1, 2:],
        padded[..., :-2, 1:-1],
        padded[..., 2:, 1:-1],
    )
    squares = total((change - side).square() for side in sides)
    return region_mean(squares, _pooled(weight, SPATIAL_CELL))


def exposure(
    estimate: Tensor, weight: Tensor | None = None, level: float = EXPOSURE_LEVEL
) -> Tensor:
    """Squared distance of 16x16 cell means to the wanted level."""
    if min(estimate.shape[-2:]) < EXPOSURE_CELL:
        raise ModelError(
            f"the exposure loss needs images of at least {EXPOSURE_CELL} pixels a side,"
            f" got {tuple(estimate.shape[-2:])}"
        )
    cells = F.avg_pool2d(estimate.mean(1, keepdim=True), EXPOSURE_CELL)
    return region_mean((cells - level).square(), _pooled(weight, EXPOSURE_CELL))


def colour_constancy(estimate: Tensor, weight: Tensor | None = None) -> Tensor:
    """Distance between the channel means of each image, averaged over images."""
    if weight is None:
        weight = torch.ones_like(estimate[:, :1])
    means = (estimate * weight).sum((2, 3)) / weight.sum((2, 3)).clamp(min=1)
    fourth_powers = (means - means.roll(1, dims=1)).pow(4).sum(1)
    return (fourth_powers + COLOUR_FLOOR).sqrt().mean()


def curve_smoothness(curves: Tensor, weight: Tensor | None = None) -> Tensor:
    """Twice the squared step between neighbours, summed over channels, averaged over positions."""
    down = (curves[..., 1:, :] - curves[..., :-1, :]).square()
    right = (curves[..., :, 1:] - curves[..., :, :-1]).square()
    if weight is None:
        steps = down.mean() + right.mean()
    else:
        steps = region_mean(down, weight[..., 1:, :] * weight[..., :-1, :])
        steps = steps + region_mean(right, weight[..., :, 1:] * weight[..., :, :-1])
    return 2 * curves.shape[1] * steps


def zero_reference(
    output: Output,
    degraded: Tensor,
    reference: Tensor,
    weight: Tensor | None = None,
    *,
    smoothness: float = WEIGHTS["smoothness"],
) -> dict[str, Tensor]:
    """The weighted terms of Zero-DCE; `reference` is not looked at."""
    curves = given(output.curves, "curves")
    terms = {
        "spatial": WEIGHTS["spatial"] * spatial_consistency(output.image, degraded, weight),
        "exposure": WEIGHTS["exposure"] * exposure(output.image, weight),
        "colour": WEIGHTS["colour"] * colour_constancy(output.image, weight),
    }
    return terms | {"smoothness": smoothness * curve_smoothness(curves, weight)}


def zero_reference_pp(
    output: Output, degraded: Tensor, reference: Tensor, weight: Tensor | None = None
) -> dict[str, Tensor]:
    """Zero-DCE++: one map instead of eight, so eight times the weight on its smoothness."""
    return zero_reference(output, degraded, reference, weight, smoothness=1600.0)


def _pooled(weight: Tensor | None, cell: int) -> Tensor | None:
    """Share of each cell that lies in the region."""
    return None if weight is None else F.avg_pool2d(weight, cell)
