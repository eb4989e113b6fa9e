"""The autoencoder of latent diffusion as published, and how its weights are read.

R. Rombach et al., "High-Resolution Image Synthesis with Latent Diffusion Models", CVPR 2022. Layers
and names are those of diffusers' `AutoencoderKL`, whose files load without diffusers. Nothing is
downloaded: put the folder of a checkpoint somewhere and name it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from .. import ModelError
from ..parts.latents import LATENTS, Decoded, DiagonalGaussian, Encoded
from ..parts.vae_layers import Decoder, Encoder

CONFIG, WEIGHTS = "config.json", "diffusion_pytorch_model.safetensors"
# What this autoencoder can be only one way.
FIXED = {"latent_channels": LATENTS, "in_channels": 3, "out_channels": 3, "act_fn": "silu"}
# The attention's matrices were renamed in diffusers 0.17; older files have the left names.
RENAMED = {".query.": ".to_q.", ".key.": ".to_k.", ".value.": ".to_v.", ".proj_attn.": ".to_out.0."}


class PublishedVae(nn.Module):
    """The calls of `vae.KlVae` in the published design: 83,653,863 parameters by default.

    channels : width at full, half, quarter and eighth resolution
    depth : residual blocks per level of the encoder; the decoder has one more
    groups : of the group normalisations; divides every width
    """

    def __init__(
        self,
        *,
        channels: Sequence[int] = (128, 256, 512, 512),
        depth: int = 2,
        groups: int = 32,
    ) -> None:
        super().__init__()
        if len(channels) != 4 or any(width % groups for width in channels):
            raise ModelError(f"channels must be 4 multiples of {groups}, got {tuple(channels)}")
        self.encoder = Encoder(tuple(channels), LATENTS, depth=depth, groups=groups)
        self.decoder = Decoder(tuple(channels), LATENTS, depth=depth, groups=groups)
        self.quant_conv = nn.Conv2d(2 * LATENTS, 2 * LATENTS, 1)
        self.post_quant_conv = nn.Conv2d(LATENTS, LATENTS, 1)

    def encode(self, x: Tensor) -> Encoded:
        """(N, 3, H, W) in [-1, 1], sides multiples of 8, to Gaussians of (N, 4, H / 8, W / 8)."""
        return Encoded(DiagonalGaussian.split(self.quant_conv(self.encoder(x))))

    def decode(self, z: Tensor) -> Decoded:
        """(N, 4, h, w) latents, unscaled, to (N, 3, 8 h, 8 w) pictures in about [-1, 1]."""
        return Decoded(self.decoder(self.post_quant_conv(z)))


def read_diffusers(folder: Path) -> PublishedVae:
    """Read an `AutoencoderKL` as diffusers saves it and as checkpoints are published.

    folder : has config.json and diffusion_pytorch_model.safetensors

    Raises ModelError when a file is missing, or holds an autoencoder of another design.
    """
    from safetensors.torch import load_file

    if missing := [name for name in (CONFIG, WEIGHTS) if not (folder / name).is_file()]:
        raise ModelError(f"{folder}: no {' and no '.join(missing)}; is it an AutoencoderKL's?")
    config = json.loads((folder / CONFIG).read_text("utf-8"))
    for key, wanted in FIXED.items():
        if (found := config.get(key, wanted)) != wanted:
            raise ModelError(f"{folder / CONFIG}: {key} is {found!r}; only {wanted!r} is supported")
    vae = PublishedVae(**_settings(config))
    state = {_renamed(key): value for key, value in load_file(folder / WEIGHTS).items()}
    # The oldest files keep the attention's matrices as 1 x 1 convolutions.
    state = {key: v.flatten(1) if ".to_" in key and v.ndim == 4 else v for key, v in state.items()}
    try:
        vae.load_state_dict(state)
    except RuntimeError as error:
        reason = str(error).splitlines()[1].strip()
        raise ModelError(f"{folder / WEIGHTS}: does not fit {CONFIG}: {reason}") from None
    return vae.eval()


def _settings(config: dict[str, Any]) -> dict[str, Any]:
    return {
        "channels": config["block_out_channels"],
        "depth": config["layers_per_block"],
        "groups": config["norm_num_groups"],
    }


def _renamed(key: str) -> str:
    for old, new in RENAMED.items():
        key = key.replace(old, new)
    return key
