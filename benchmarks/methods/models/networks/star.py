"""STAR-DCE: Zero-DCE's curves from a one-block transformer on a 32 x 32 grid.

Z. Zhang et al., "STAR: A Structure-Aware Lightweight Transformer for Real-Time Image Enhancement",
ICCV 2021; the variant with width 32 and mean-head tokens, which RANLEN converts.

As the released code has it: the first convolution is 2 x 2 with stride 3 (its positional arguments
probably meant 3 x 3, stride 2); the attention scale is that of all 16 channels, though each of the
8 heads has 2; and 16,384 of the 27,496 parameters are a positional embedding that is never used.
It is kept so that their weights load, and not trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from ..output import Modulate, Output, network_input, unmodulated
from ..parts.layers import size_of, start_near_zero
from .zero_dce import INITIAL_SIGMA, STEPS, apply_curves

SIDE = 256  # of the copy the network reads
GRID = 32
CHANNELS = 16
HEADS = 8


class StarDce(nn.Module):
    """27,496 parameters, 11,112 of them in use. `degree` scales the curves, as in ZeroDce."""

    SITES: ClassVar[Mapping[str, int]] = {"tokens": CHANNELS}

    def __init__(self, *, mask_channels: int = 0, degree: float = 1.0) -> None:
        super().__init__()
        self.mask_channels, self.degree = mask_channels, degree
        self.e_conv1 = nn.Conv2d(3 + mask_channels, CHANNELS, 2, stride=3, padding=1)
        self.pos_embedding = nn.Parameter(torch.randn(1, CHANNELS, GRID, GRID), requires_grad=False)
        self.attention = _Attention()
        self.mlp = nn.Sequential(
            nn.LayerNorm(CHANNELS),
            nn.Linear(CHANNELS, CHANNELS),
            nn.GELU(),
            nn.Linear(CHANNELS, CHANNELS),
        )
        self.enc_conv = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)
        self.out_conv = nn.Conv2d(2 * CHANNELS, 3 * STEPS, 3, padding=1)
        for module in (self.e_conv1, self.enc_conv, self.out_conv):
            start_near_zero(module, INITIAL_SIGMA)
        self.register_load_state_dict_pre_hook(_from_authors_names)

    def forward(
        self, images: Tensor, regions: Tensor | None = None, modulate: Modulate = unmodulated
    ) -> Output:
        x = network_input(images, regions, self.mask_channels)
        x = F.interpolate(x, (SIDE, SIDE), mode="area")
        x = F.adaptive_avg_pool2d(F.relu(self.e_conv1(x)), (GRID, GRID))
        x = modulate("tokens", x)
        tokens = x.flatten(2).transpose(1, 2)
        tokens = tokens + self.attention(tokens)
        tokens = tokens + self.mlp(tokens)
        far = tokens.transpose(1, 2).unflatten(2, (GRID, GRID))
        raw = self.out_conv(torch.cat([far, self.enc_conv(x)], 1))
        # Scaled where the maps are smallest: resizing is linear.
        curves = -self.degree * _resized_tanh(raw, size_of(images))
        return Output(apply_curves(images, curves).clamp(0, 1), curves=curves)


def _resized_tanh(raw: Tensor, size: tuple[int, int]) -> Tensor:
    """tanh at SIDE x SIDE of coarse maps (N, C, GRID, GRID), resized to (N, C, *size).

    A result smaller than half of SIDE looks at few of those pixels: only they are made.
    """
    if 4 * size[0] * size[1] >= SIDE * SIDE:
        maps = F.interpolate(raw, (SIDE, SIDE), mode="bilinear", align_corners=True).tanh()
        if not torch.is_grad_enabled():
            # Eight strided reads of 24 interleaved channels would cost more than the rest; with
            # gradients it is the resizing that planar maps slow down, five times.
            maps = maps.contiguous()
        return F.interpolate(maps, size, mode="bilinear", align_corners=False)
    (up_rows, down_rows), (up_columns, down_columns) = (_taps(n, raw) for n in size)
    seen = torch.einsum("ri,ncij,sj->ncrs", up_rows, raw, up_columns).tanh()
    return torch.einsum("hr,ncrs,ws->nchw", down_rows, seen, down_columns)


def _taps(length: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Weights from GRID to the two of SIDE that each of `length` looks at, and from those to it."""
    to_side = torch.arange(SIDE, device=like.device) * ((GRID - 1) / (SIDE - 1))
    centre = ((torch.arange(length, device=like.device) + 0.5) * (SIDE / length) - 0.5).clamp(min=0)
    below = centre.floor().clamp(max=SIDE - 1)
    above, share = (below + 1).clamp(max=SIDE - 1), centre - below
    place = to_side[torch.cat([below, above]).long()]
    up = (1 - (place[:, None] - torch.arange(GRID, device=like.device)).abs()).clamp(min=0)
    down = torch.cat([torch.diag(1 - share), torch.diag(share)], 1)
    return up.to(like.dtype), down.to(like.dtype)


class _Attention(nn.Module):
    """Pre-norm self-attention on (N, tokens, 16)."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(CHANNELS)
        self.to_qkv = nn.Linear(CHANNELS, 3 * CHANNELS, bias=False)
        self.to_out = nn.Linear(CHANNELS, CHANNELS)

    def forward(self, tokens: Tensor) -> Tensor:
        n, count, _ = tokens.shape
        qkv = self.to_qkv(self.norm(tokens)).view(n, count, 3, HEADS, -1)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(query, key, value, scale=CHANNELS**-0.5)
        return self.to_out(mixed.transpose(1, 2).flatten(2))


def _from_authors_names(
    module: nn.Module, state: dict[str, Tensor], prefix: str, *_: object
) -> None:
    """Rename the released code's keys on the way in."""
    for theirs, ours in {
        "transformer.layers.0.0.fn.norm.": "attention.norm.",
        "transformer.layers.0.0.fn.fn.to_qkv.": "attention.to_qkv.",
        "transformer.layers.0.0.fn.fn.to_out.0.": "attention.to_out.",
        "transformer.layers.0.1.fn.norm.": "mlp.0.",
        "transformer.layers.0.1.fn.fn.net.0.": "mlp.1.",
        "transformer.layers.0.1.fn.fn.net.3.": "mlp.3.",
    }.items():
        for key in [key for key in state if key.startswith(prefix + theirs)]:
            state[prefix + ours + key.removeprefix(prefix + theirs)] = state.pop(key)
