"""From the latents of a badly coloured picture to those it should have had.

J. Messerly, "Colored Lighting Removal with VAEs", 2023 (web article), part 3, and its released
network: a fast-style-transfer generator (J. Johnson et al., ECCV 2016) that stays at the latents'
own resolution. It reads and gives the means and the logarithms of the variances, eight channels.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from .latents import LATENTS, LOGVAR_BOUNDS, DiagonalGaussian
from .layers import start_near_zero

VARIANCE_FLOOR = 1e-5  # of the article


class ReleasedBalancer(nn.Module):
    """The released network: 27,236,362 parameters with the default settings.

    Convolutions are normalised per picture and channel, which hides how bright or coloured the
    picture is as a whole. On the way out the resolution is doubled and halved again. Two attention
    layers, 656,642 of the parameters, are never called; they are here for its weights to load.

    widths : of the three convolutions before the residual blocks; backwards after them
    blocks : residual blocks
    mask_channels : region channels read beside the latents
    """

    def __init__(
        self,
        *,
        widths: Sequence[int] = (128, 256, 512),
        blocks: int = 5,
        mask_channels: int = 0,
    ) -> None:
        super().__init__()
        entries = (2 * LATENTS + mask_channels, *widths)
        self.enter = nn.ModuleList(_Normed(a, b) for a, b in itertools.pairwise(entries))
        inner = widths[-1]
        self.blocks = nn.ModuleList(
            nn.Sequential(_Normed(inner, inner), nn.ReLU(), _Normed(inner, inner))
            for _ in range(blocks)
        )
        self.leave = nn.ModuleList(_Normed(a, b) for a, b in itertools.pairwise(widths[::-1]))
        self.last = _mirrored(widths[0], 2 * LATENTS)
        self.attentions = nn.ModuleList(_Attention(inner) for _ in range(2))

    def forward(self, latents: DiagonalGaussian, maps: Tensor | None = None) -> DiagonalGaussian:
        x = _joined(latents, maps)
        for conv in self.enter:
            x = F.relu(conv(x))
        for block in self.blocks:
            x = x + block(x)
        for conv, factor in zip(self.leave, (2.0, 0.5), strict=True):
            x = F.relu(conv(F.interpolate(x, scale_factor=factor, mode="nearest")))
        return DiagonalGaussian.split(self.last(x))


class LatentBalancer(nn.Module):
    """A smaller one that reaches more with little training.

    It predicts the change of the latents; has no normalisation; and every residual block also adds
    a linear function of its input's mean over the picture, which is what a cast or a wrong exposure
    shows in. Settings as those of `ReleasedBalancer`.
    """

    def __init__(
        self,
        *,
        widths: Sequence[int] = (32, 48, 64),
        blocks: int = 2,
        mask_channels: int = 0,
    ) -> None:
        super().__init__()
        entries = (2 * LATENTS + mask_channels, *widths)
        self.enter = nn.ModuleList(_mirrored(a, b) for a, b in itertools.pairwise(entries))
        self.blocks = nn.ModuleList(_Block(widths[-1]) for _ in range(blocks))
        self.leave = nn.ModuleList(_mirrored(a, b) for a, b in itertools.pairwise(widths[::-1]))
        self.last = _mirrored(widths[0], 2 * LATENTS)
        start_near_zero(self.last, 1e-3)

    def forward(self, latents: DiagonalGaussian, maps: Tensor | None = None) -> DiagonalGaussian:
        x = _joined(latents, maps)
        for conv in self.enter:
            x = F.relu(conv(x))
        for block in self.blocks:
            x = block(x)
        for conv in self.leave:
            x = F.relu(conv(x))
        return DiagonalGaussian.split(latents.parameters + self.last(x))


class _Block(nn.Module):
    """x + conv(relu(conv(x))) + linear(mean of x)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner, self.outer = _mirrored(width, width), _mirrored(width, width)
        self.overall = nn.Linear(width, width)
        nn.init.zeros_(self.overall.weight)
        nn.init.zeros_(self.overall.bias)

    def forward(self, x: Tensor) -> Tensor:
        overall = self.overall(x.mean((2, 3)))[..., None, None]
        return x + self.outer(F.relu(self.inner(x))) + overall


class _Normed(nn.Sequential):
    """A convolution with instance normalisation."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(_mirrored(inputs, outputs), nn.InstanceNorm2d(outputs, affine=True))


class _Attention(nn.Module):
    """The parameters of an attention layer."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(channels, channels // 8, 1)
        self.key = nn.Conv2d(channels, channels // 8, 1)
        self.value = nn.Conv2d(channels, channels, 1)
        self.gamma = nn.Parameter(torch.zeros(1))


def _mirrored(inputs: int, outputs: int) -> nn.Conv2d:
    """A 3 x 3 convolution that mirrors at the border."""
    return nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="reflect")


def _joined(latents: DiagonalGaussian, maps: Tensor | None) -> Tensor:
    given = latents.parameters
    return given if maps is None else torch.cat([given, maps], dim=1)


BALANCERS: dict[str, type[nn.Module]] = {"small": LatentBalancer, "released": ReleasedBalancer}


def divergence(
    estimate: DiagonalGaussian, target: DiagonalGaussian, variance_floor: float = VARIANCE_FLOOR
) -> Tensor:
    """KL(estimate || target) of diagonal Gaussians, per latent value, (N, C, h, w) in nats.

    log(v2 / v1) / 2 + (v1 + (m1 - m2)^2) / (2 v2) - 1 / 2, no variance below the floor. The
    logarithms are bounded above too, so that the exponential stays finite.
    """
    v1, v2 = (
        each.logvar.clamp(*LOGVAR_BOUNDS).exp().clamp(min=variance_floor)
        for each in (estimate, target)
    )
    apart = (estimate.mean - target.mean).square()
    return (v2 / v1).log() / 2 + (v1 + apart) / (2 * v2) - 0.5
