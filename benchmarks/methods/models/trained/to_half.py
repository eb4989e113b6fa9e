"""Weights in 16 bits for storage, where no picture shows it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

# Rounding a picture to 8 bits is an error of this variance: 58.9 dB.
ROUNDING = (1 / 255) ** 2 / 12
SIDE = 128
GAMMAS = (0.4, 1.0, 2.5)


def to_half(model: nn.Module) -> dict[str, Tensor] | None:
    """The state of a model on the CPU, kernels and matrices in float16, the rest as it is.

    Biases, scales and running statistics take little room and may lie outside the range of 16 bits
    (6e-8 to 65,504). None when pictures would change by more than rounding them to 8 bits does.
    """
    large = {name for name, p in model.named_parameters() if p.ndim > 1}
    state = {name: value.clone() for name, value in model.state_dict().items()}
    small = {name: value.half() if name in large else value for name, value in state.items()}
    model.eval()
    before = _answer(model)
    model.load_state_dict(small)
    after = _answer(model)
    model.load_state_dict(state)
    # Written so that an overflow, which gives NaN, fails too.
    return small if F.mse_loss(after, before) < ROUNDING else None


@torch.inference_mode()
def _answer(model: nn.Module) -> Tensor:
    """What the model makes of smooth random pictures, dark to bright, with all three regions."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(len(GAMMAS), 3, 8, 8, generator=generator)
    pictures = F.interpolate(coarse, (SIDE, SIDE), mode="bicubic").clamp(0, 1)
    pictures = pictures ** torch.tensor(GAMMAS).view(-1, 1, 1, 1)
    regions = torch.zeros(len(GAMMAS), 2, SIDE, SIDE)
    regions[:, 0, :, : SIDE // 3] = 1
    regions[:, 1, :, : SIDE // 2] = 1
    return model(pictures, regions).image.clamp(0, 1)
