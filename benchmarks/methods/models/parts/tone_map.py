"""A colour map per picture: rising curves, exposure, a matrix of linear light, channel gains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from luts.lut import Lut, Lut1D, Lut3D, ShapedLut, nodes
from luts.torch.transfer import decode_srgb, encode_srgb

from .. import ModelError

SHAPER_SIZE, CUBE_SIZE = 4096, 33  # of the baked map
BRIGHTEST = 1.5  # encoded; a baked curve ends there, 2.5 times the light of white


@dataclass(frozen=True)
class ToneMap:
    """One map per picture. Calling it maps (N, P, 3) encoded pixels, unclipped.

    steps : (N, 3, K - 1) > 0, the rise of each curve between its evenly spread knots; curves start
        at 0 and may end beyond 1, since what was clipped may have been brighter than white
    matrix : (N, 3, 3), out = light @ matrix
    stops : (N, 3) gain of each channel after the matrix, stops
    exposure : (N, 1) gain of all channels, stops
    """

    steps: Tensor
    matrix: Tensor
    stops: Tensor
    exposure: Tensor | None = None

    def __call__(self, pixels: Tensor) -> Tensor:
        return encode_srgb(self._gained(self.corrected(pixels) * self._exposure()))

    def corrected(self, pixels: Tensor) -> Tensor:
        """Encoded (N, P, 3) to light behind curves and matrix, before any gain."""
        return (decode_srgb(self._curved(pixels)) @ self.matrix).clamp(min=0)

    def exposed(self, stops: Tensor) -> ToneMap:
        """The same map with an exposure, (N, 1) stops."""
        return replace(self, exposure=stops)

    def brightened(self, pixels: Tensor) -> Tensor:
        """The part of the map that keeps channels apart: curves and exposure, encoded."""
        return encode_srgb(decode_srgb(self._curved(pixels)) * self._exposure())

    def mixed(self, light: Tensor) -> Tensor:
        """The rest: matrix and channel gains on (N, P, 3) linear light, then encoded."""
        return encode_srgb(self._gained((light @ self.matrix).clamp(min=0)))

    def each(self) -> Iterator[ToneMap]:
        """The maps of a batch, as batches of one."""
        parts = (self.steps, self.matrix, self.stops, self._stops_of_exposure())
        for steps, matrix, stops, exposure in zip(*parts, strict=True):
            yield ToneMap(steps[None], matrix[None], stops[None], exposure[None])

    def _exposure(self) -> Tensor:
        return self._stops_of_exposure().exp2()[:, None]

    def _stops_of_exposure(self) -> Tensor:
        if self.exposure is None:
            raise ModelError("this map has no exposure yet: see ToneMap.exposed")
        return self.exposure

    def _gained(self, light: Tensor) -> Tensor:
        return light * self.stops.exp2()[:, None]

    def _curved(self, pixels: Tensor) -> Tensor:
        heights = torch.nn.functional.pad(self.steps.cumsum(2), (1, 0)).transpose(1, 2)
        position = pixels.clamp(0, 1) * self.steps.shape[2]
        below = position.detach().long().clamp(max=self.steps.shape[2] - 1)
        low, high = heights.gather(1, below), heights.gather(1, below + 1)
        return torch.lerp(low, high, position - below)


class _ClampInwards(torch.autograd.Function):
    @staticmethod
    def forward(context, x: Tensor) -> Tensor:
        context.save_for_backward(x)
        return x.clamp(0, 1)

    @staticmethod
    def backward(context, gradient: Tensor) -> Tensor:
        (x,) = context.saved_tensors
        outwards = ((x > 1) & (gradient < 0)) | ((x < 0) & (gradient > 0))
        return gradient.masked_fill(outwards, 0)


def clamp_inwards(x: Tensor) -> Tensor:
    """Clamp to [0, 1]; beyond it, only gradients that lead back inside pass."""
    return _ClampInwards.apply(x)


def bake(tone: ToneMap) -> list[Lut]:
    """The maps as curves, which hold the bends, and cubes, which hold the mixing of channels.

    On average within half a level of 8 bits of the map itself; saturated dark colours, where the
    encoding is steepest, may be further off.
    """
    ramp = torch.linspace(0, 1, SHAPER_SIZE, device=tone.steps.device)[:, None].expand(-1, 3)
    grid = torch.from_numpy(nodes(CUBE_SIZE).reshape(-1, 3)).to(tone.steps)
    baked: list[Lut] = []
    for one in tone.each():
        curves = one.brightened(ramp[None])[0]
        top = float(curves.amax().clamp(1e-3, BRIGHTEST))
        cube = one.mixed(decode_srgb(grid * top)[None])[0].unflatten(0, (CUBE_SIZE,) * 3)
        shaper = Lut1D(_array(curves.clamp(max=top)))
        baked.append(ShapedLut(shaper, Lut3D(_array(cube), domain_max=(top, top, top))))
    return baked


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()
