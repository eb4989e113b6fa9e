"""The loss of DeepUPE: distance, smooth illumination, same hue.

R. Wang et al., "Underexposed Photo Enhancement using Deep Illumination Estimation", CVPR 2019,
equations 3 to 6, with the constants of the training graph the authors released: weights 1, 2, 1,
exponent 1.2, 1e-4 inside the logarithm and the quotient.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from ...methods.models.output import Output, given, luma
from ...methods.models.parts.region_mean import region_mean

EXPONENT = 1.2
FLOOR = 1e-4
EDGE = 1.5
WEIGHTS = {"l2": 1.0, "smoothness": 2.0, "colour": 1.0}


def illumination_smoothness(
    illumination: Tensor, degraded: Tensor, weight: Tensor | None = None
) -> Tensor:
    """Half the squared steps of the illumination, each allowed where the log luma steps too."""
    log_luma = (luma(degraded) + FLOOR).log()
    total = illumination.new_zeros(())
    if weight is not None:
        weight = weight[..., :-1, :-1]
    for axis in (-1, -2):
        allowed = EDGE / (_step(log_luma, axis).abs() ** EXPONENT + FLOOR)
        total = total + region_mean(allowed * _step(illumination, axis).square(), weight)
    return 0.5 * total


def hue_distance(estimate: Tensor, reference: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean of 1 - cosine of the angle between RGB vectors."""
    cosine = F.cosine_similarity(estimate, reference, dim=1, eps=1e-6)
    return region_mean(1 - cosine.unsqueeze(1), weight)


def retinex(
    output: Output, degraded: Tensor, reference: Tensor, weight: Tensor | None = None
) -> dict[str, Tensor]:
    """The weighted terms of DeepUPE."""
    illumination = given(output.illumination, "illumination")
    error = region_mean((output.image - reference).square(), weight)
    smooth = illumination_smoothness(illumination, degraded, weight)
    return {
        "l2": WEIGHTS["l2"] * error,
        "smoothness": WEIGHTS["smoothness"] * smooth,
        "colour": WEIGHTS["colour"] * hue_distance(output.image, reference, weight),
    }


def _step(x: Tensor, axis: int) -> Tensor:
    """Forward difference on the (H - 1, W - 1) pixels that have both neighbours."""
    here = x[..., :-1, :-1]
    return (x[..., :-1, 1:] if axis == -1 else x[..., 1:, :-1]) - here
