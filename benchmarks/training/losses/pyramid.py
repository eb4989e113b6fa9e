"""MSEC's loss: the result, and what each coarser sub-network made, against the reference.

M. Afifi et al., "Learning Multi-Scale Photo Exposure Correction", CVPR 2021: L_rec + L_pyr, with
levels weighted 1, 2, 4 from fine to coarse. The sums over pixels of the text, in [0, 255], are
divided by 3 h w 255 here, the size of the first, which changes no minimum: a coarser level still
counts by its pixels. L_adv is `benchmarks.training.adversarial`'s.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from ...methods.models.output import Output
from ...methods.models.parts.layers import size_of
from ...methods.models.parts.pyramid import gaussian_pyramid, upsample
from ...methods.models.parts.region_mean import region_mean


def pyramid(
    output: Output, degraded: Tensor, reference: Tensor, weight: Tensor | None = None
) -> dict[str, Tensor]:
    """Mean absolute error of the image and, by their share of its pixels, of `output.levels`.

    The reference of a level is the Gaussian pyramid's next coarser one, upsampled: a sub-network
    is asked for colours at its own frequencies only. `weight` is averaged down to the levels.
    """
    terms = {"reconstruction": region_mean((output.image - reference).abs(), weight)}
    gaussian = gaussian_pyramid(reference, len(output.levels) + 1)
    for i, level in enumerate(output.levels):
        size = size_of(level)
        error = (level - upsample(gaussian[i + 1], size)).abs()
        inside = None if weight is None else F.adaptive_avg_pool2d(weight, size)
        share = 2**i * level.numel() / reference.numel()
        terms[f"level {i + 2}"] = share * region_mean(error, inside)
    return terms
