"""HDR-CNN: fill saturated areas in, then bring the wider range back with Reinhard's operator.

G. Eilertsen, J. Kronander, G. Denes, R. Mantiuk, J. Unger, "HDR image reconstruction from a single
exposure using deep CNNs", SIGGRAPH Asia 2017. Layers as in the released code: a VGG-16 encoder, a
decoder that works on logarithms, skips taken into the logarithm on the way, equation 1's blend by
how saturated a pixel is. Ours: values are in [0, 1], not [0, 255]; no pretrained encoder; no bias
in front of a normalisation.

The network leaves exposure alone: a pixel that is not saturated is the input squared, the paper's
linearisation. Tables of exposure correction (Afifi et al., CVPR 2021) therefore put a tone mapper
behind it. So do we: E. Reinhard et al., "Photographic Tone Reproduction for Digital Images",
SIGGRAPH 2002, the global operator, equations 1, 2 and 4. Its key and white point are learned with
the network, and how far the log-average is pulled to the key (ours; the operator's own is 1).
"""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from luts.colour.colorimetry import REC709_LUMINANCE

from .. import ModelError
from ..output import Output, network_input
from ..parts.layers import bias_of

WIDTHS = (64, 128, 256, 512, 512)
DEPTHS = (2, 2, 3, 3, 3)
SATURATED = 0.05  # the blend begins this far below 1
FLOOR = 1 / 255  # inside logarithms
INITIAL_KEY = 0.18
INITIAL_ADAPTATION = 0.5
# Adam moves every parameter by about the learning rate; three numbers that the whole picture
# depends on have further to go than one of many weights.
TONE_RATE = 10.0
TINY = 1e-8


class HdrCnn(nn.Module):
    """29,441,374 parameters with the widths and depths of VGG-16, three of them Reinhard's.

    Parameters
    ----------
    widths, depths : channels and convolutions of the encoder at each size, the largest first
    """

    def __init__(
        self, *, widths: tuple[int, ...] = WIDTHS, depths: tuple[int, ...] = DEPTHS
    ) -> None:
        super().__init__()
        if len(widths) != len(depths) or min(depths, default=0) < 1:
            raise ModelError(f"each of the widths {widths} needs a depth, got {depths}")
        self.stride = 2 ** len(widths)
        self.encode = nn.ModuleList(
            nn.ModuleList(
                nn.Conv2d(inputs if i == 0 else outputs, outputs, 3, padding=1)
                for i in range(depth)
            )
            for (inputs, outputs), depth in zip(
                itertools.pairwise((3, *widths)), depths, strict=True
            )
        )
        self.middle = _normalised(nn.Conv2d(widths[-1], widths[-1], 3, padding=1, bias=False))
        self.up = nn.ModuleList(
            _normalised(nn.ConvTranspose2d(deep, width, 4, stride=2, padding=1, bias=False))
            for width, deep in zip(widths, (*widths[1:], widths[-1]), strict=True)
        )
        self.fuse = nn.ModuleList(_Fuse(width) for width in widths)
        self.last = _normalised(nn.Conv2d(widths[0], 3, 1, bias=False))
        self.last_fuse = _Fuse(3)
        self.tone = Reinhard()

    def forward(self, images: Tensor, regions: Tensor | None = None) -> Output:
        network_input(images, regions)
        return Output(self.tone(self.reconstruct(images)))

    def reconstruct(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) encoded to linear, 1.0 where the input clips and beyond where it did."""
        saturated = ((images.amax(1, keepdim=True) - 1 + SATURATED) / SATURATED).clamp(0, 1)
        predicted = self.logarithm(images).exp() - FLOOR
        return torch.lerp(images.square(), predicted, saturated)

    def logarithm(self, images: Tensor) -> Tensor:
        """The network: (N, 3, H, W) encoded to ln(linear + 1/255)."""
        size = images.shape[-2:]
        x = images = _pad(images, self.stride)
        skips = []
        for convs in self.encode:
            for conv in convs.children():
                x = F.relu(conv(x))
            skips.append(x)
            x = F.max_pool2d(x, 2)
        x = self.middle(x)
        for up, fuse, skip in reversed(list(zip(self.up, self.fuse, skips, strict=True))):
            x = fuse(up(x), skip)
        return self.last_fuse(self.last(x), images)[..., : size[0], : size[1]]


class Reinhard(nn.Module):
    """Linear (N, 3, H, W) to encoded; the square root with a white point of 1 and no adaptation.

    The log-average luminance is pulled towards `key`, all the way with an adaptation of 1;
    luminance `white` becomes 1.
    """

    def __init__(self) -> None:
        super().__init__()
        self.offsets = nn.Parameter(torch.zeros(3))

    def settings(self) -> tuple[Tensor, Tensor, Tensor]:
        """ln key, ln white, adaptation."""
        log_key, log_white, adaptation = TONE_RATE * self.offsets
        return log_key + math.log(INITIAL_KEY), log_white, adaptation + INITIAL_ADAPTATION

    def forward(self, linear: Tensor) -> Tensor:
        log_key, log_white, adaptation = self.settings()
        luminance = (linear * linear.new_tensor(REC709_LUMINANCE).view(3, 1, 1)).sum(
            1, keepdim=True
        )
        luminance = luminance.clamp(min=0)
        log_average = (luminance + FLOOR).log().mean((1, 2, 3), keepdim=True)
        gain = (adaptation * (log_key - log_average)).exp()
        scaled = gain * luminance
        compressed = gain * (1 + scaled / (2 * log_white).exp()) / (1 + scaled)
        return ((linear * compressed).clamp(min=0) + TINY).sqrt()


class _Fuse(nn.Conv2d):
    """Join decoder features and a skip, taken from the encoder's values to their logarithm.

    Starts as the sum of the two, as in the paper.
    """

    def __init__(self, width: int) -> None:
        super().__init__(2 * width, width, 1)
        with torch.no_grad():
            self.weight[..., 0, 0] = torch.eye(width).repeat(1, 2)
            bias_of(self).zero_()

    # Two inputs where a convolution has one; a layer inside would rename the weights.
    def forward(self, features: Tensor, skip: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(torch.cat([features, (skip.square() + FLOOR).log()], 1))


def _normalised(conv: nn.Conv2d | nn.ConvTranspose2d) -> nn.Sequential:
    return nn.Sequential(conv, nn.BatchNorm2d(conv.out_channels), nn.ReLU())


def _pad(x: Tensor, stride: int) -> Tensor:
    """Repeat the border to a multiple of `stride`; two cells at least, for batch statistics."""
    height, width = (max(2 * stride, side + -side % stride) - side for side in x.shape[-2:])
    return F.pad(x, (0, width, 0, height), mode="replicate") if height or width else x
