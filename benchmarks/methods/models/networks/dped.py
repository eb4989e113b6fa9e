"""DPED: a residual network at full resolution, made to turn phone photos into DSLR photos.

A. Ignatov, N. Kobyshev, R. Timofte, K. Vanhoey, L. Van Gool, "DSLR-Quality Photos on Mobile
Devices with Deep Convolutional Networks", ICCV 2017: the generator, layers as in the released
code. As there, a block ends in a ReLU before its input is added, the output is a tanh stretched
to [-0.08, 1.08], and instance normalisation has scale and shift. Ours: no bias where a
normalisation cancels it (512 of the released 401,475 parameters), a start near the identity, and
training by the distance to the reference alone; the paper adds a VGG-19 content loss, a
discriminator and total variation.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from .. import ModelError
from ..output import Modulate, Output, network_input, unmodulated
from ..parts.layers import bias_of

BLOCKS = 4
STRETCH, CENTRE = 0.58, 0.5
NORM_FLOOR = 1e-3
INITIAL_BLOCK_SCALE = 0.02  # not 0: a ReLU that is exactly 0 would never learn


class Dped(nn.Module):
    """400,963 parameters with the paper's 64 channels."""

    SITES: dict[str, int]

    def __init__(self, *, width: int = 64, mask_channels: int = 0) -> None:
        super().__init__()
        if width < 3:
            raise ModelError(f"width must be at least 3, got {width}")
        self.mask_channels = mask_channels
        self.SITES = {f"blocks.{i}": width for i in range(BLOCKS)}
        self.first = nn.Conv2d(3 + mask_channels, width, 9, padding=4)
        self.blocks = nn.ModuleList(_Block(width) for _ in range(BLOCKS))
        self.then = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        self.last = nn.Conv2d(width, 3, 9, padding=4)
        self._start_near_identity()

    @torch.no_grad()
    def _start_near_identity(self) -> None:
        """The first three channels carry RGB through; tanh bends it by at most 0.1."""
        for conv in (self.first, *self.then, self.last):
            centre = conv.kernel_size[0] // 2
            conv.weight[:3] = 0
            conv.weight[range(3), range(3), centre, centre] = 1
            bias_of(conv)[:3] = 0
        self.last.weight.div_(STRETCH)
        bias_of(self.last).fill_(-CENTRE / STRETCH)

    def forward(
        self, images: Tensor, regions: Tensor | None = None, modulate: Modulate = unmodulated
    ) -> Output:
        x = F.relu(self.first(network_input(images, regions, self.mask_channels)))
        for i, block in enumerate(self.blocks):
            x = x + F.relu(modulate(f"blocks.{i}", block(x)))
        for conv in self.then:
            x = F.relu(conv(x))
        return Output(torch.tanh(self.last(x)) * STRETCH + CENTRE)


class _Block(nn.Sequential):
    """Two convolutions, each normalised per image and channel; the last ReLU is the caller's."""

    def __init__(self, width: int) -> None:
        first = _normalised(width)
        conv, norm = _normalised(width)
        super().__init__(*first, nn.ReLU(), conv, norm)
        nn.init.constant_(norm.weight, INITIAL_BLOCK_SCALE)


def _normalised(width: int) -> tuple[nn.Conv2d, _InstanceNorm]:
    return (
        nn.Conv2d(width, width, 3, padding=1, bias=False),
        _InstanceNorm(width),
    )


class _InstanceNorm(nn.Module):
    """Normalise each channel of each image over its pixels, then scale and shift.

    On interleaved channels PyTorch's own takes twice as long, and its group normalisation, which
    is fast there, sums so many pixels in one float that it is wrong by more than 1 at 4 megapixels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        centred = x - x.mean((2, 3), keepdim=True)
        variance = centred.square().mean((2, 3), keepdim=True)
        scale = self.weight.view(1, -1, 1, 1) * torch.rsqrt(variance + NORM_FLOOR)
        return torch.addcmul(self.bias.view(1, -1, 1, 1), centred, scale)
