"""A small variational autoencoder with the interface of latent diffusion's.

D. Kingma, M. Welling, "Auto-Encoding Variational Bayes", ICLR 2014; a Gaussian per latent value,
eight times fewer pixels along each side and four latent channels as in R. Rombach et al.,
"High-Resolution Image Synthesis with Latent Diffusion Models", CVPR 2022. The calls are those of
diffusers' `AutoencoderKL`, so that either works in place of the other:

    vae.encode(x).latent_dist.mean, .logvar     x (N, 3, H, W) in [-1, 1], H and W multiples of 8
    vae.decode(z).sample                        z (N, 4, H / 8, W / 8), unscaled; about [-1, 1]

[-1, 1] is the range on both sides of an autoencoder, everywhere; `to_vae` and `from_vae` are the
way there and back. Pictures elsewhere in this project are encoded in [0, 1]. Autoencoders of the
published design are read by `vae_published`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from .. import ModelError
from ..output import Output, network_input
from ..parts.latents import LATENTS, Decoded, DiagonalGaussian, Encoded

if TYPE_CHECKING:
    from .vae_published import PublishedVae

FACTOR = 8
# Of the divergence from a unit Gaussian, per latent value. Latent diffusion's weight leaves hardly
# any noise; with this one the latents of like pictures stay near each other.
KL_WEIGHT = 1e-3


class KlVae(nn.Module):
    """An autoencoder of pictures, trained to reconstruct degraded and reference ones alike.

    All its convolutions work at the latents' resolution, on blocks of 8 x 8 pixels, beside a linear
    path from blocks to latents and back: colours survive from the first steps of training on, and
    a step costs a hundredth of one of the published design.

    width : channels of the residual blocks
    """

    OWN_LOSS = True
    ENCODER_BLOCKS, DECODER_BLOCKS = 2, 3

    def __init__(self, *, width: int = 64) -> None:
        super().__init__()
        pixels = 3 * FACTOR**2
        self.encoder = _Path(pixels, 2 * LATENTS, width, blocks=self.ENCODER_BLOCKS)
        self.decoder = _Path(LATENTS, pixels, width, blocks=self.DECODER_BLOCKS)

    def encode(self, x: Tensor) -> Encoded:
        """(N, 3, H, W) in [-1, 1], sides multiples of 8, to Gaussians of (N, 4, H / 8, W / 8)."""
        return Encoded(DiagonalGaussian.split(self.encoder(F.pixel_unshuffle(x, FACTOR))))

    def decode(self, z: Tensor) -> Decoded:
        """(N, 4, h, w) latents to (N, 3, 8 h, 8 w) pictures in about [-1, 1]."""
        return Decoded(F.pixel_shuffle(self.decoder(z), FACTOR))

    def forward(
        self, images: Tensor, regions: Tensor | None = None, reference: Tensor | None = None
    ) -> Output:
        """There and back again; with a reference, the loss of reconstructing both from samples."""
        if reference is not None:
            return self._loss(torch.cat([images, reference]))
        height, width = images.shape[-2:]
        x = _whole_blocks(to_vae(network_input(images, regions)))
        decoded = self.decode(self.encode(x).latent_dist.mode()).sample
        return Output(from_vae(decoded)[..., :height, :width])

    def _loss(self, images: Tensor) -> Output:
        x = _whole_blocks(to_vae(images))
        latents = self.encode(x).latent_dist
        decoded = self.decode(latents.sample()).sample
        variance = latents.logvar.exp()
        divergence = (latents.mean.square() + variance - 1 - latents.logvar).mean() / 2
        terms = {"l1": (decoded - x).abs().mean(), "kl": KL_WEIGHT * divergence}
        return Output(from_vae(decoded), terms=terms)


class _Path(nn.Module):
    """A linear map of channels plus a residual network, all at one resolution."""

    def __init__(self, inputs: int, outputs: int, width: int, *, blocks: int) -> None:
        super().__init__()
        self.linear = nn.Conv2d(inputs, outputs, 1)
        self.enter = nn.Conv2d(inputs, width, 3 if inputs < width else 1, padding="same")
        self.blocks = nn.ModuleList(_Block(width) for _ in range(blocks))
        self.leave = nn.Conv2d(width, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.enter(x)
        for block in self.blocks:
            inner = block(inner)
        return self.linear(x) + self.leave(F.silu(inner))


class _Block(nn.Module):
    """x + conv(silu(conv(silu(x))))."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Conv2d(width, width, 3, padding=1)
        self.outer = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.outer(F.silu(self.inner(F.silu(x))))


def to_vae(encoded: Tensor) -> Tensor:
    """Pictures in [0, 1] to the autoencoder's [-1, 1]."""
    return 2 * encoded - 1


def from_vae(decoded: Tensor) -> Tensor:
    """What the autoencoder decodes to pictures in about [0, 1], not clipped."""
    return (decoded + 1) / 2


def load_vae(source: str) -> KlVae | PublishedVae:
    """Make a trained autoencoder: a row of MODELS by name, or a diffusers folder.

    source : "kl_vae", or a folder as `vae_published.read_diffusers` reads

    Raises ModelError or CheckpointError when there is none, or one of another design.
    """
    if Path(source).is_dir():
        from .vae_published import read_diffusers

        return read_diffusers(Path(source))
    from ..trained.checkpoints import load

    model = load(source)[0]
    if not isinstance(model, KlVae):
        raise ModelError(
            f"{source} is no autoencoder: give kl_vae or the folder of a published one"
        )
    return model


def vae_sha256(source: str) -> str:
    """SHA-256, in hexadecimal digits, of the file that `load_vae` takes the weights from."""
    if Path(source).is_dir():
        from luts.tool.files import sha256_file

        from .vae_published import WEIGHTS

        return sha256_file(Path(source) / WEIGHTS)
    from ..trained.checkpoints import digest

    return digest(source)


def _whole_blocks(images: Tensor) -> Tensor:
    """Extend (N, C, H, W) images below and to the right by their edge to multiples of 8 pixels."""
    height, width = images.shape[-2:]
    return F.pad(images, (0, -width % FACTOR, 0, -height % FACTOR), mode="replicate")
