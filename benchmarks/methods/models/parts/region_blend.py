"""Results that leave region C as it was: a blend by the region map, on tensors."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from datagen.regions.blend_torch import ideal
from datagen.regions.labels import alpha


def blend_by_regions(degraded: Tensor, mapped: Tensor, regions: Tensor) -> Tensor:
    """`regions.labels.ideal` on a batch: `mapped` in A, `degraded` in C, a blend by alpha in B.

    degraded, mapped : (N, 3, H, W) encoded; regions : (N, 2, H, W), A and A-or-B as 0 and 1

    Differentiable in both pictures; the weights are computed on the CPU.
    """
    labels = regions.sum(1).round().byte().cpu().numpy()
    weight = torch.from_numpy(np.stack([alpha(label) for label in labels])[:, None])
    return ideal(degraded, mapped, weight.to(mapped))
