"""The layers of the latent-diffusion autoencoder, under the names its published weights use.

R. Rombach et al., "High-Resolution Image Synthesis with Latent Diffusion Models", CVPR 2022,
appendix E; layout and names of its `AutoencoderKL` in the diffusers library.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

EPSILON = 1e-6  # of the group normalisations


class ResnetBlock(nn.Module):
    """x + conv(silu(norm(conv(silu(norm(x)))))); a 1 x 1 convolution of x where widths differ."""

    def __init__(self, inputs: int, outputs: int, *, groups: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, inputs, eps=EPSILON)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm2 = nn.GroupNorm(groups, outputs, eps=EPSILON)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        if inputs != outputs:
            self.conv_shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.conv1(F.silu(self.norm1(x)))
        inner = self.conv2(F.silu(self.norm2(inner)))
        return inner + (self.conv_shortcut(x) if hasattr(self, "conv_shortcut") else x)


class Attention(nn.Module):
    """x + self-attention of all positions, one head."""

    def __init__(self, channels: int, *, groups: int) -> None:
        super().__init__()
        self.group_norm = nn.GroupNorm(groups, channels, eps=EPSILON)
        self.to_q = nn.Linear(channels, channels)
        self.to_k = nn.Linear(channels, channels)
        self.to_v = nn.Linear(channels, channels)
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.group_norm(x).flatten(2).transpose(1, 2)
        mixed = F.scaled_dot_product_attention(
            self.to_q(tokens), self.to_k(tokens), self.to_v(tokens)
        )
        return x + self.to_out[0](mixed).transpose(1, 2).reshape(x.shape)


class Middle(nn.Module):
    """Two residual blocks with attention between them."""

    def __init__(self, channels: int, *, groups: int) -> None:
        super().__init__()
        self.resnets = nn.ModuleList(
            ResnetBlock(channels, channels, groups=groups) for _ in range(2)
        )
        self.attentions = nn.ModuleList([Attention(channels, groups=groups)])

    def forward(self, x: Tensor) -> Tensor:
        return self.resnets[1](self.attentions[0](self.resnets[0](x)))


class Halving(nn.Module):
    """A convolution of stride 2 that is padded below and to the right."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Doubling(nn.Module):
    """Each pixel four times, then a convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Level(nn.Module):
    """Residual blocks at one resolution and, unless it is the last, the way to the next one."""

    def __init__(self, widths: Sequence[int], *, groups: int, leave: str | None) -> None:
        super().__init__()
        self.resnets = nn.ModuleList(
            ResnetBlock(a, b, groups=groups) for a, b in itertools.pairwise(widths)
        )
        if leave == "down":
            self.downsamplers = nn.ModuleList([Halving(widths[-1])])
        if leave == "up":
            self.upsamplers = nn.ModuleList([Doubling(widths[-1])])

    def forward(self, x: Tensor) -> Tensor:
        for part in self.children():
            for layer in part.children():
                x = layer(x)
        return x


class Encoder(nn.Module):
    """(N, 3, H, W) to (N, 2 latents, H / f, W / f), f = 2^(levels - 1)."""

    def __init__(self, channels: Sequence[int], latents: int, *, depth: int, groups: int) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(3, channels[0], 3, padding=1)
        entries = (channels[0], *channels)
        self.down_blocks = nn.ModuleList(
            Level((a, *[b] * depth), groups=groups, leave="down" if i < len(channels) else None)
            for i, (a, b) in enumerate(itertools.pairwise(entries), start=1)
        )
        self.mid_block = Middle(channels[-1], groups=groups)
        self.conv_norm_out = nn.GroupNorm(groups, channels[-1], eps=EPSILON)
        self.conv_out = nn.Conv2d(channels[-1], 2 * latents, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_in(x)
        for level in self.down_blocks:
            x = level(x)
        return self.conv_out(F.silu(self.conv_norm_out(self.mid_block(x))))


class Decoder(nn.Module):
    """(N, latents, h, w) to (N, 3, f h, f w); one residual block more per level."""

    def __init__(self, channels: Sequence[int], latents: int, *, depth: int, groups: int) -> None:
        super().__init__()
        backwards = channels[::-1]
        self.conv_in = nn.Conv2d(latents, backwards[0], 3, padding=1)
        self.mid_block = Middle(backwards[0], groups=groups)
        entries = (backwards[0], *backwards)
        self.up_blocks = nn.ModuleList(
            Level((a, *[b] * (depth + 1)), groups=groups, leave="up" if i < len(channels) else None)
            for i, (a, b) in enumerate(itertools.pairwise(entries), start=1)
        )
        self.conv_norm_out = nn.GroupNorm(groups, backwards[-1], eps=EPSILON)
        self.conv_out = nn.Conv2d(backwards[-1], 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.mid_block(self.conv_in(x))
        for level in self.up_blocks:
            x = level(x)
        return self.conv_out(F.silu(self.conv_norm_out(x)))
