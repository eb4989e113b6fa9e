"""Our own entry: a tone map for the whole picture, and a bilateral grid of gains on top.

No rule of any reference is inside: nothing here meters, and no constant comes from a reference.
What the oracles of this project leave open decides the parts. One gain fitted on the answer reaches
29.7 dB on fused references, three curves 37 and a cube 40, so most of the answer is one colour map;
what is left varies over the picture, as a fusion of exposures does.

1. quantiles of light, clipped shares, chroma and covariance of a sample of pixels (`statistics`)
   go through a small network that predicts an exposure, three rising curves, a matrix of linear
   light and a gain per channel (`ToneMap`)
2. a few convolutions look at a thumbnail before and after that map, told by step 1 what picture
   they are in, and predict a grid of gains over (y, x, luma) (`gain_grid`)

Pictures of any size cost one lookup in a baked LUT and one in the grid per pixel.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from luts.torch import lookup as torch_ops

from ..output import Output, network_input
from ..parts.gain_grid import apply_gains, slice_gains
from ..parts.layers import start_near_zero
from ..parts.region_blend import blend_by_regions
from ..parts.tone_map import ToneMap, bake, clamp_inwards
from ..parts.tone_statistics import COUNT, LOCAL_COUNT, Standardise, region_statistics, statistics

SIDE = 64  # of the thumbnail, and of the raster of pixels that statistics are taken of
KNOTS = 16  # of each curve, evenly spread over [0, 1]
WIDTH, CHANNELS, BINS = 128, 48, 8
INITIAL_SIGMA = 1e-3  # of the last layers: the picture starts as it is
GREATEST_STOPS = 6.0


class LightGrid(nn.Module):
    """Parameters: see its card.

    mask_channels : 2 for the local version: statistics of A and the thumbnail of the region map are
        read too, and the result is blended by the region map, C being returned untouched
    grid : False leaves step 2 out, curves, exposure or matrix False that part of step 1: ablations
    """

    def __init__(
        self,
        *,
        mask_channels: int = 0,
        grid: bool = True,
        curves: bool = True,
        matrix: bool = True,
        exposure: bool = True,
    ) -> None:
        super().__init__()
        self.mask_channels = mask_channels
        self.uses = {"curves": curves, "matrix": matrix, "exposure": exposure}
        count = COUNT + (LOCAL_COUNT if mask_channels else 0)
        self.standardise = Standardise(count)
        self.judge = nn.Sequential(
            nn.Linear(count, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH), nn.SiLU()
        )
        self.sizes = (3 * (KNOTS - 1), 9, 3, 1)  # of curves, matrix, gains and exposure
        self.head = nn.Linear(WIDTH, sum(self.sizes))
        self.trunk = _Trunk(6 + mask_channels) if grid else None
        start_near_zero(self.head, INITIAL_SIGMA)

    def forward(self, images: Tensor, regions: Tensor | None = None) -> Output:
        network_input(images, regions, self.mask_channels)  # refuses what is no batch
        with torch.autocast(images.device.type, enabled=False):  # stops need more than 8 bits
            return self._corrected(images, regions)

    def _corrected(self, images: Tensor, regions: Tensor | None) -> Output:
        read = regions if self.mask_channels else None
        tone, scene = self._judged(images, read)
        if torch.is_grad_enabled() or images.is_cuda or images.dtype != torch.float32:
            image = tone(images.flatten(2).transpose(1, 2)).transpose(1, 2).view_as(images)
            if self.trunk is not None:
                grid = self._grid(self.trunk, images, image, regions, scene)
                image = image * slice_gains(grid, image)
            image = clamp_inwards(image)
        else:
            image = self._at_any_size(tone, images, regions, scene)
        return Output(image if read is None else blend_by_regions(images, image, read))

    def _judged(self, images: Tensor, regions: Tensor | None) -> tuple[ToneMap, Tensor]:
        """The map of each picture, and what is known of the whole: (N, WIDTH)."""
        step = -(-max(images.shape[-2:]) // (2 * SIDE))
        # Every step-th pixel, not an average of cells: averages have no highlights.
        pixels = images[..., ::step, ::step].flatten(2).transpose(1, 2)
        seen = [statistics(pixels)]
        if self.mask_channels:
            where = None if regions is None else regions[..., ::step, ::step].flatten(2)
            seen.append(region_statistics(pixels, where))
        numbers = torch.cat(seen, 1)
        scene = self.judge(self.standardise(numbers))
        if self.training:
            self.standardise.learn(numbers)  # afterwards: a first batch of one has no deviation
        curves, matrix, gains, exposure = self.head(scene).split(self.sizes, 1)
        on = self.uses
        tone = ToneMap(
            steps=(curves * on["curves"]).unflatten(1, (3, -1)).exp() / (KNOTS - 1),
            matrix=torch.eye(3, device=images.device)
            + 0.3 * on["matrix"] * matrix.unflatten(1, (3, 3)),
            stops=gains * on["matrix"],
            exposure=(2 * on["exposure"] * exposure).clamp(-GREATEST_STOPS, GREATEST_STOPS),
        )
        return tone, scene

    def _grid(
        self,
        trunk: nn.Module,
        images: Tensor,
        mapped: Tensor,
        regions: Tensor | None,
        scene: Tensor,
    ) -> Tensor:
        """The grid of gains, (N, 3, gz, gy, gx)."""
        seen = [images, mapped.clamp(0, 1)]
        if self.mask_channels:
            n, _, height, width = images.shape
            whole = images.new_ones(n, self.mask_channels, height, width)
            seen.append(whole if regions is None else regions.to(images.dtype))
        # Put together when small: at 12 megapixels the copy took longer than all the rest.
        small = [F.interpolate(one, (SIDE, SIDE), mode="bilinear", antialias=True) for one in seen]
        return trunk(torch.cat(small, 1), scene)

    def _at_any_size(
        self, tone: ToneMap, images: Tensor, regions: Tensor | None, scene: Tensor
    ) -> Tensor:
        """The same on a CPU without gradients: a LUT, and the grid a block at a time."""
        mapped = torch_ops.apply_each(bake(tone), images, "trilinear")
        if self.trunk is not None:
            grids = self._grid(self.trunk, images, mapped, regions, scene).permute(0, 3, 4, 2, 1)
            for picture, grid in zip(mapped, grids, strict=True):
                encoded = apply_gains(grid.numpy(), picture.permute(1, 2, 0).numpy())
                picture.copy_(torch.from_numpy(np.ascontiguousarray(encoded)).permute(2, 0, 1))
        return mapped.clamp_(0, 1)


class _Trunk(nn.Module):
    """A thumbnail (N, C, 64, 64) and what is known of the whole to a grid of 16 x 16 x BINS."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = CHANNELS // 2
        self.shrink = nn.Sequential(
            nn.Conv2d(channels, half, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(half, CHANNELS, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1),
        )
        self.tell = nn.Linear(WIDTH, 2 * CHANNELS)
        wide = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=2, dilation=2)
        near = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)
        last = nn.Conv2d(CHANNELS, 3 * BINS, 1)
        self.look = nn.Sequential(nn.SiLU(), wide, nn.SiLU(), near, nn.SiLU(), last)
        start_near_zero(last, INITIAL_SIGMA)

    def forward(self, thumbnail: Tensor, scene: Tensor) -> Tensor:
        scale, shift = self.tell(scene)[..., None, None].chunk(2, 1)
        features = self.shrink(thumbnail) * (1 + scale) + shift
        return self.look(features).unflatten(1, (3, BINS))
