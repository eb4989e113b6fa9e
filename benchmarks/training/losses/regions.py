"""Region losses of RANLEN: correct A, cross B smoothly, leave C alone.

S. Yao, Y. Huang, X. Xu, "Local Low-light Image Enhancement via Region-Aware Normalization", 2024,
equations 2 to 5. Choices where the text leaves one:

* each term is a mean over its own region (L / r); the third denominator, printed r_b, is r_C
* the norm in equation 4 is squared
* derivatives are central differences; the logarithm in equation 3 is of the luma, with 1e-4 added
  inside it as in DeepUPE
"""

from __future__ import annotations

from torch import Tensor

from ...methods.models.output import Output, luma
from ...methods.models.parts.region_mean import region_mean

EXPONENT = 1.2
FLOOR = 1e-4
WEIGHTS = {"A": 1.0, "B": 1e-4, "C": 1.0}


def gradient_smoothness(surface: Tensor, degraded: Tensor, weight: Tensor | None = None) -> Tensor:
    """Squared second derivatives (xx, yx, xy, yy) of an illumination or an image, equation 2.

    A derivative is allowed where the logarithm of the input's luma has it too: its weight is
    1 / (|derivative of log luma|^1.2 + 1e-4), up to 10,000 on flat ground.

    surface : (N, C, H, W); degraded : (N, 3, H, W); weight : (N, 1, H, W) or None; H, W >= 3
    """
    log_luma = (luma(degraded) + FLOOR).log()
    allowed = [1 / (d.abs() ** EXPONENT + FLOOR) for d in _second_derivatives(log_luma)]
    xx, xy, yy = (
        a * d.square() for a, d in zip(allowed, _second_derivatives(surface), strict=True)
    )
    inner = None if weight is None else weight[..., 1:-1, 1:-1]
    return region_mean(xx + 2 * xy + yy, inner)


def region_loss(
    host_loss,
    output: Output,
    degraded: Tensor,
    reference: Tensor,
    regions: Tensor,
    weights: dict[str, float] = WEIGHTS,
) -> dict[str, Tensor]:
    """The terms of equation 5.

    host_loss : an entry of LOSSES, applied on A
    regions : (N, 2, H, W), channel 0 = A, channel 1 = A or B
    weights : of A, B and C; with a weight of 0 for B there is no transition and C is all but A,
        the ablation of section 4.3.2
    """
    in_a, in_ab = regions[:, :1], regions[:, 1:]
    in_b, in_c = in_ab - in_a, 1 - (in_ab if weights["B"] else in_a)
    terms = {
        f"A {name}": weights["A"] * value
        for name, value in host_loss(output, degraded, reference, in_a).items()
    }
    if weights["B"]:
        surface = output.image if output.illumination is None else output.illumination
        terms["B smoothness"] = weights["B"] * gradient_smoothness(surface, degraded, in_b)
    terms["C l2"] = weights["C"] * region_mean((output.image - degraded).square(), in_c)
    return terms


def _second_derivatives(f: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Central xx, xy and yy on the (H - 2, W - 2) inner pixels."""
    centre = f[..., 1:-1, 1:-1]
    xx = f[..., 1:-1, 2:] - 2 * centre + f[..., 1:-1, :-2]
    yy = f[..., 2:, 1:-1] - 2 * centre + f[..., :-2, 1:-1]
    xy = (f[..., 2:, 2:] - f[..., 2:, :-2] - f[..., :-2, 2:] + f[..., :-2, :-2]) / 4
    return xx, xy, yy
