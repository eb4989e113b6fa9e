"""MSEC: exposure corrected level by level of a Laplacian pyramid, coarse to fine.

M. Afifi et al., "Learning Multi-Scale Photo Exposure Correction", CVPR 2021. Layers, sizes and
slopes of the released code, which made the published figures. A U-Net corrects the coarsest level;
each finer one reads its level plus the doubled result of the last and predicts what is missing.
Where text and code differ, `skip` chooses: see SKIPS.

Larger pictures are corrected at a long side of 512 pixels and upsampled by `bgu`, as its authors
do. Unlike theirs, ours pads nothing: a side that cannot be halved is rounded up.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from .. import ModelError
from ..output import Modulate, Output, network_input, unmodulated
from ..parts.bgu import FIT_SIDE, upsample_like
from ..parts.layers import bias_of, size_of
from ..parts.pyramid import laplacian_pyramid, upsample

DEPTHS = (3, 3, 3, 4)  # halvings inside the U-Net of each level, fine to coarse
WIDTHS = (16, 24, 24, 24)  # channels of its first stage
SLOPE = 0.2  # of the leaky ReLU after every 3 x 3 convolution
PORT_SLOPE = 0.01
WORKING_SIDE = 512  # longest side the network sees, pixels
SKIPS = {
    "code": "a U-Net's output is added to the doubled result of the coarser level",
    "text": "the level it read is added as well, as the paper writes and draws it",
    "change": "the coarsest level is added to too, and only the change of the picture is doubled"
    " by learned layers: an untrained model is nearly the identity (ours, for short trainings)",
}


class Msec(nn.Module):
    """7,015,449 parameters: 4,365,915, 2 x 1,083,675 and 482,067 in U-Nets, 3 x 39 that double.

    Parameters
    ----------
    mask_channels : 2 to read the region maps beside every level
    depths, widths : of the U-Nets, one per pyramid level, fine to coarse
    skip : key of SKIPS
    peak : value of white inside. The authors' 255 makes the biases of the layers 255 times slower
        to learn than at 1, and the brightness-dependent part of a correction is in the biases
    scales : factors on the levels of the input's pyramid, fine to coarse: a user's dials. The
        released demo takes (1.5, 1.5, 1.5, 1.05) for large pictures, the paper ones
    port : as the PyTorch port reads it whose weights are published: a slope of 0.01, also after the
        layers that double, and a peak of 1
    working_side : longest side that is corrected as it is; beyond it, `bgu` takes over. Not in
        training, where crops are what they are
    """

    def __init__(
        self,
        *,
        mask_channels: int = 0,
        depths: Sequence[int] = DEPTHS,
        widths: Sequence[int] = WIDTHS,
        skip: str = "code",
        peak: float = 255.0,
        scales: Sequence[float] | None = None,
        port: bool = False,
        working_side: int = WORKING_SIDE,
    ) -> None:
        super().__init__()
        scales = (1.0,) * len(depths) if scales is None else tuple(scales)
        _check(depths, widths, skip, scales)
        self.mask_channels, self.skip, self.port = mask_channels, skip, port
        self.peak = 1.0 if port else peak
        self.scales, self.working_side = scales, working_side
        nets = [
            _UNet(3 + mask_channels, width, depth, port=port)
            for width, depth in zip(widths, depths, strict=True)
        ]
        doublings = [nn.ConvTranspose2d(3, 3, 2, stride=2) for _ in depths[1:]]
        self.nets, self.doubling = nn.ModuleList(nets), nn.ModuleList(doublings)
        # RANLEN's sites: the first convolution of each encoder stage.
        self.SITES = {
            f"{level}.{stage}": width * 2**stage
            for level, (width, depth) in enumerate(zip(widths, depths, strict=True))
            for stage in range(depth)
        }
        self._initialise(nets, doublings)

    def _initialise(self, nets: list[_UNet], doublings: list[nn.ConvTranspose2d]) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(bias_of(module))
        for doubling in doublings:
            nn.init.xavier_normal_(doubling.weight)
        if self.skip == "change":
            for net in nets:
                nn.init.normal_(net.last.weight, 0.0, 1e-3)
            for doubling in doublings:
                with torch.no_grad():
                    doubling.weight.copy_(torch.eye(3)[..., None, None].expand(-1, -1, 2, 2))

    def forward(
        self, images: Tensor, regions: Tensor | None = None, modulate: Modulate = unmodulated
    ) -> Output:
        x = network_input(images, regions, self.mask_channels)
        longest = max(images.shape[-2:])
        if self.training or longest <= self.working_side:
            return self._correct(x, modulate)
        size = [max(round(side * self.working_side / longest), 1) for side in images.shape[-2:]]
        small = F.interpolate(x, size, mode="bicubic", antialias=True).clamp(0, 1)
        corrected = self._correct(small, modulate)
        before, after = (
            F.interpolate(t, (FIT_SIDE, FIT_SIDE), mode="bicubic", antialias=True)
            for t in (small[:, :3], corrected.image)
        )
        return Output(upsample_like(before, after, images))

    def _correct(self, x: Tensor, modulate: Modulate) -> Output:
        """Correct (N, 3 + mask_channels, H, W) at the size it has."""
        images, maps = x[:, :3], x[:, 3:]
        pyramid = laplacian_pyramid(images * self.peak, len(self.nets))
        pyramid = [scale * level for scale, level in zip(self.scales, pyramid, strict=True)]

        def change(level: int, read: Tensor) -> Tensor:
            if self.mask_channels:
                read = torch.cat([read, F.adaptive_avg_pool2d(maps, size_of(read))], 1)
            return self.nets[level](read, lambda i, h: modulate(f"{level}.{i}", h))

        picture = pyramid[-1]  # the input and, below, its correction, at the size of a level
        corrected = change(len(pyramid) - 1, picture)
        if self.skip == "change":
            corrected = corrected + picture
        doubled: list[Tensor] = []
        for level in reversed(range(len(pyramid) - 1)):
            finer = upsample(picture, size_of(pyramid[level]))
            carried = self._double(level, corrected, picture, finer)
            read, picture = carried + pyramid[level], finer + pyramid[level]
            corrected = change(level, read) + (carried if self.skip == "code" else read)
            doubled.insert(0, carried / self.peak)
        return Output(corrected / self.peak, levels=tuple(doubled))

    def _double(self, level: int, corrected: Tensor, picture: Tensor, finer: Tensor) -> Tensor:
        """Bring a result to the size of `finer`, which is the doubled input `picture`."""
        height, width = finer.shape[-2:]
        double = self.doubling[level]
        if self.skip == "change":
            return finer + double(corrected - picture)[..., :height, :width]
        doubled = double(corrected)[..., :height, :width]
        return _leaky(doubled, PORT_SLOPE) if self.port else doubled


class _UNet(nn.Module):
    """A plain U-Net: (N, channels, H, W) to (N, 3, H, W), any size; `modulate` as in Output."""

    def __init__(self, channels: int, width: int, depth: int, *, port: bool = False) -> None:
        super().__init__()
        self.slope, self.widened = (PORT_SLOPE, PORT_SLOPE) if port else (SLOPE, 0.0)
        widths = [width * 2**stage for stage in range(depth + 1)]
        pairs = itertools.pairwise([channels, *widths])
        self.first = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in pairs)
        self.second = nn.ModuleList(nn.Conv2d(w, w, 3, padding=1) for w in widths)
        self.widen = nn.ModuleList(nn.ConvTranspose2d(2 * w, w, 2, stride=2) for w in widths[:-1])
        self.merge = nn.ModuleList(nn.Conv2d(2 * w, w, 3, padding=1) for w in widths[:-1])
        self.refine = nn.ModuleList(nn.Conv2d(w, w, 3, padding=1) for w in widths[:-1])
        self.last = nn.Conv2d(width, 3, 1)

    def forward(self, x: Tensor, modulate: Callable[[int, Tensor], Tensor]) -> Tensor:
        stages = []
        for i, (first, second) in enumerate(zip(self.first, self.second, strict=True)):
            x = F.max_pool2d(x, 2, ceil_mode=True) if i else x
            x = first(x)
            x = _leaky(modulate(i, x) if i < len(self.widen) else x, self.slope)
            x = _leaky(second(x), self.slope)
            stages.append(x)
        layers = zip(stages, self.widen, self.merge, self.refine, strict=False)
        for stage, widen, merge, refine in reversed(list(layers)):
            height, width = stage.shape[-2:]
            x = _leaky(widen(x)[..., :height, :width], self.widened)  # plain in the released code
            x = _leaky(merge(torch.cat([x, stage], 1)), self.slope)
            x = _leaky(refine(x), self.slope)
        return self.last(x)


def _leaky(x: Tensor, slope: float) -> Tensor:
    return F.leaky_relu(x, slope, inplace=True) if slope else F.relu(x)


def _check(
    depths: Sequence[int], widths: Sequence[int], skip: str, scales: Sequence[float]
) -> None:
    if not len(depths) == len(widths) == len(scales):
        raise ModelError(
            "depths, widths and scales need one number per pyramid level, got"
            f" {len(depths)}, {len(widths)} and {len(scales)}"
        )
    if skip not in SKIPS:
        raise ModelError(f"skip must be one of {', '.join(SKIPS)}, got {skip!r}")
