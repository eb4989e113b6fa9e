"""Retinexformer: light the image up, then restore it with attention across channels.

Y. Cai, H. Bian, J. Lin, H. Wang, R. Timofte, Y. Zhang, "Retinexformer: One-stage Retinex-based
Transformer for Low-light Image Enhancement", ICCV 2023, layers as in the released code. As there,
the estimator's 5 x 5 convolution has 4 groups (the paper calls it depthwise), and only the second
half of a block is normalised. Attention compares channels, so its matrix has the size of a head
squared whatever the size of the image. Ours: any size, by repeating the border up to a multiple
of 4, and a start near the identity. Weights under the names of the released code load.
"""

from __future__ import annotations

import re

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from .. import ModelError
from ..output import Modulate, Output, network_input, unmodulated
from ..parts.layers import bias_of, start_near_zero

BLOCKS = (1, 2, 2)
GROUPS = 4
EXPANSION = 4
TINY = 1e-12
NEAR_ZERO = 1e-3


class Retinexformer(nn.Module):
    """1,605,701 parameters with the paper's 40 channels.

    Parameters
    ----------
    width : channels at full size and of one attention head, a multiple of 4
    blocks : attention blocks at each size, the largest first
    """

    SITES: dict[str, int]

    def __init__(
        self, *, width: int = 40, blocks: tuple[int, ...] = BLOCKS, mask_channels: int = 0
    ) -> None:
        super().__init__()
        if width < GROUPS or width % GROUPS:
            raise ModelError(f"width must be a positive multiple of {GROUPS}, got {width}")
        if not blocks:
            raise ModelError("blocks must name at least one size")
        self.mask_channels = mask_channels
        self.stride = 2 ** (len(blocks) - 1)
        self.estimator = _Estimator(width, mask_channels)
        self.embed = nn.Conv2d(3 + mask_channels, width, 3, padding=1, bias=False)
        widths = [width << level for level in range(len(blocks))]
        self.SITES = {f"level.{level}": channels for level, channels in enumerate(widths)}
        self.encode = nn.ModuleList(
            _Blocks(channels, width, count) for channels, count in zip(widths, blocks, strict=True)
        )
        self.down = nn.ModuleList(_halve(channels) for channels in widths[:-1])
        self.light_down = nn.ModuleList(_halve(channels) for channels in widths[:-1])
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(2 * channels, channels, 2, stride=2) for channels in widths[:-1]
        )
        self.fuse = nn.ModuleList(
            nn.Conv2d(2 * channels, channels, 1, bias=False) for channels in widths[:-1]
        )
        self.decode = nn.ModuleList(
            _Blocks(channels, width, count)
            for channels, count in zip(widths[:-1], blocks[:-1], strict=True)
        )
        self.last = nn.Conv2d(width, 3, 3, padding=1, bias=False)
        nn.init.normal_(self.last.weight, 0.0, NEAR_ZERO)
        self.register_load_state_dict_pre_hook(_from_authors_names)

    def forward(
        self, images: Tensor, regions: Tensor | None = None, modulate: Modulate = unmodulated
    ) -> Output:
        padded = _pad(network_input(images, regions, self.mask_channels), self.stride)
        light, gain = self.estimator(padded)
        lit = padded[:, :3] * (1 + gain)
        x = self.embed(torch.cat([lit, padded[:, 3:]], 1))
        levels, lights = [], []
        for level, encode in enumerate(self.encode):
            x = encode(modulate(f"level.{level}", x), light)
            levels.append(x)
            lights.append(light)
            if level < len(self.down):
                x, light = self.down[level](x), self.light_down[level](light)
        for level in reversed(range(len(self.decode))):
            x = self.fuse[level](torch.cat([self.up[level](x), levels[level]], 1))
            x = self.decode[level](x, lights[level])
        height, width = images.shape[-2:]
        return Output((lit + self.last(x))[..., :height, :width])


def channel_attention(query: Tensor, key: Tensor, value: Tensor, scale: Tensor) -> Tensor:
    """Mix the channels of each head by how alike they are over the whole image.

    Parameters
    ----------
    query, key, value : (N, heads, C, pixels)
    scale : (heads, 1, 1), of the cosines before the softmax

    Returns
    -------
    (N, heads, C, pixels). The cosine of two channels is their product over the product of their
    norms; dividing the (C, C) products saves normalising two whole feature maps.
    """
    # vector_norm would take five times as long across interleaved channels.
    of_key, of_query = (
        x.square().sum(-1, keepdim=True).clamp(min=TINY**2).sqrt() for x in (key, query)
    )
    cosines = (key @ query.mT) / (of_key * of_query.mT)
    return torch.softmax(scale * cosines, dim=-1) @ value


class _Estimator(nn.Module):
    """Features of the illumination and the gain (N, 3, H, W) it asks for."""

    def __init__(self, width: int, mask_channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(4 + mask_channels, width, 1)
        self.spread = nn.Conv2d(width, width, 5, padding=2, groups=GROUPS)
        self.last = nn.Conv2d(width, 3, 1)
        start_near_zero(self.last, NEAR_ZERO)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean = x[:, :3].mean(1, keepdim=True)
        features = self.spread(self.first(torch.cat([x[:, :3], mean, x[:, 3:]], 1)))
        return features, self.last(features)


class _Blocks(nn.ModuleList):
    """Attention and a feed-forward network, each added to what came in, `count` times."""

    def __init__(self, channels: int, head: int, count: int) -> None:
        super().__init__()
        for _ in range(count):
            self.append(nn.ModuleList([_Attention(channels, head), _FeedForward(channels)]))

    def forward(self, x: Tensor, light: Tensor) -> Tensor:
        for pair in self:
            attention, feed_forward = pair.children()
            x = x + attention(x, light)
            x = x + feed_forward(x)
        return x


class _Attention(nn.Module):
    """(N, C, H, W), guided by illumination features of the same shape."""

    def __init__(self, channels: int, head: int) -> None:
        super().__init__()
        self.heads = channels // head
        self.query_key_value = nn.Conv2d(channels, 3 * channels, 1, bias=False)
        self.scale = nn.Parameter(torch.ones(self.heads, 1, 1))
        self.mix = nn.Conv2d(channels, channels, 1)
        self.position = nn.Sequential(
            _depthwise(channels),
            nn.GELU(),
            _depthwise(channels),
        )
        for conv in (self.query_key_value, self.mix):
            nn.init.trunc_normal_(conv.weight, std=0.02)
        nn.init.zeros_(bias_of(self.mix))

    def forward(self, x: Tensor, light: Tensor) -> Tensor:
        query, key, value = self.query_key_value(x).chunk(3, dim=1)

        def split(features: Tensor) -> Tensor:
            return features.flatten(2).unflatten(1, (self.heads, -1))

        mixed = channel_attention(split(query), split(key), split(value * light), self.scale)
        return self.mix(mixed.reshape(x.shape)) + self.position(value)


class _FeedForward(nn.Module):
    """Layer norm over channels, then 1 x 1, depthwise 3 x 3, 1 x 1."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = EXPANSION * channels
        self.norm = nn.LayerNorm(channels)
        self.layers = nn.Sequential(
            nn.Conv2d(channels, hidden, 1, bias=False),
            nn.GELU(),
            _depthwise(hidden),
            nn.GELU(),
            nn.Conv2d(hidden, channels, 1, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2))


def _depthwise(channels: int) -> nn.Conv2d:
    return nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)


def _halve(channels: int) -> nn.Conv2d:
    return nn.Conv2d(channels, 2 * channels, 4, stride=2, padding=1, bias=False)


def _pad(x: Tensor, multiple: int) -> Tensor:
    """Repeat the last row and column up to a multiple of `multiple`."""
    height, width = (-side % multiple for side in x.shape[-2:])
    return F.pad(x, (0, width, 0, height), mode="replicate") if height or width else x


# Patterns of the released code's names; {level} counts sizes from the largest, theirs from where
# the decoder starts.
AUTHORS_NAMES = {
    r"estimator\.conv1\.": "estimator.first.",
    r"estimator\.depth_conv\.": "estimator.spread.",
    r"estimator\.conv2\.": "estimator.last.",
    r"denoiser\.embedding\.": "embed.",
    r"denoiser\.mapping\.": "last.",
    r"denoiser\.encoder_layers\.(\d+)\.0\.blocks\.": "encode.{level}.",
    r"denoiser\.encoder_layers\.(\d+)\.1\.": "down.{level}.",
    r"denoiser\.encoder_layers\.(\d+)\.2\.": "light_down.{level}.",
    r"denoiser\.bottleneck\.blocks\.": "encode.{deepest}.",
    r"denoiser\.decoder_layers\.(\d+)\.0\.": "up.{mirrored}.",
    r"denoiser\.decoder_layers\.(\d+)\.1\.": "fuse.{mirrored}.",
    r"denoiser\.decoder_layers\.(\d+)\.2\.blocks\.": "decode.{mirrored}.",
}
AUTHORS_PARTS = {
    ".0.rescale": ".0.scale",
    ".0.proj.": ".0.mix.",
    ".0.pos_emb.": ".0.position.",
    ".1.fn.net.": ".1.layers.",
}


def _from_authors_names(
    module: Retinexformer, state: dict[str, Tensor], prefix: str, *_: object
) -> None:
    """Rename the released code's keys on the way in; join queries, keys and values."""
    start = f"{prefix}body.0."
    for key in [key for key in state if key.startswith(start)]:
        value, name = state.pop(key), key.removeprefix(start)
        for pattern, ours in AUTHORS_NAMES.items():
            if found := re.match(pattern, name):
                level = int(found[1]) if found.groups() else 0
                deepest = len(module.encode) - 1
                sizes = {"level": level, "mirrored": deepest - 1 - level, "deepest": deepest}
                name = ours.format(**sizes) + name[found.end() :]
        for theirs, ours in AUTHORS_PARTS.items():
            name = name.replace(theirs, ours)
        # Their linear layers are 1 x 1 convolutions here.
        linear = value.ndim == 2
        state[prefix + name] = value[..., None, None] if linear else value
    for key in [key for key in state if key.endswith(".to_q.weight")]:
        parts = [state.pop(key.replace("to_q", part)) for part in ("to_q", "to_k", "to_v")]
        state[key.replace("to_q", "query_key_value")] = torch.cat(parts)
