"""What an autoencoder's encoder and decoder give, with the names of diffusers."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

LATENTS = 4
LOGVAR_BOUNDS = (-30.0, 20.0)  # of diffusers; beyond them the exponential is of no use


@dataclass(frozen=True)
class DiagonalGaussian:
    """A Gaussian per latent value: mean and logarithm of the variance, each (N, C, h, w)."""

    mean: Tensor
    logvar: Tensor

    @classmethod
    def split(cls, parameters: Tensor) -> DiagonalGaussian:
        """Read (N, 2 C, h, w): the means, then the logarithms of the variances."""
        mean, logvar = parameters.chunk(2, dim=1)
        return cls(mean, logvar.clamp(*LOGVAR_BOUNDS))

    @property
    def parameters(self) -> Tensor:
        """Both in one tensor, (N, 2 C, h, w)."""
        return torch.cat([self.mean, self.logvar], dim=1)

    def mode(self) -> Tensor:
        """The likeliest latents, (N, C, h, w)."""
        return self.mean

    def sample(self) -> Tensor:
        """Latents drawn at random, (N, C, h, w)."""
        return self.mean + (self.logvar / 2).exp() * torch.randn_like(self.mean)


@dataclass(frozen=True)
class Encoded:
    """What `encode` returns."""

    latent_dist: DiagonalGaussian


@dataclass(frozen=True)
class Decoded:
    """What `decode` returns: pictures, (N, 3, H, W) in about [-1, 1]."""

    sample: Tensor
