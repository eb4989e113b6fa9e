"""Tone from a thumbnail: one colour map per picture, predicted from the statistics of its pixels.

Our own design. The oracles of this project (benchmarks/oracles) say that rising curves per channel
reach 33 dB on its validation pictures and one exposure gain 25, while networks that paint every
pixel reach 20: knowing which map is needed is the problem, not the freedom of the map. So nearly
all of the work is spent on judging:

1. quantiles of light, clipped shares, chroma and covariance of up to 256 x 256 pixels, no filtering
2. two small layers predict three rising curves, a 3 x 3 matrix of linear light and channel gains,
   all scaled by a gate: most pictures need their colours left alone
3. the pixels corrected so far are metered by the percentile rule of `datagen.develop.auto_exposure`

The map is curves, light, matrix, exposure. Without gradients on a CPU it is baked into curves and a
cube, the LUT that `colour_maps` exports, so a picture of any size costs one lookup per pixel.

The rule in step 3 is also the rule that makes the reference of most data sets here. On pictures
that are only under- or over-exposed this is nearly the answer; see docs/models_own_entry.md.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from luts.lut import Lut, Lut1D, Lut3D, ShapedLut, nodes
from luts.torch import lookup as torch_ops
from luts.torch.transfer import decode_srgb

from .local.lut3d import blend_by_regions
from .output import Output, network_input
from .tone_map import ToneMap, clamp_inwards
from .tone_statistics import COUNT, LOCAL_COUNT, Standardise, meter, region_statistics, statistics

SIDE = 256  # pixels are judged on a grid of at most so many each way
SAMPLE = 4096  # pixels of a picture that a training step looks at
KNOTS = 16  # of each curve, evenly spread over [0, 1]
WIDTH = 64
INITIAL_SIGMA = 1e-3  # of the last layer: the colours start as they are
SHAPER_SIZE, CUBE_SIZE = 4096, 33  # of the baked map
BRIGHTEST = 1.5  # encoded; a baked curve ends there, 2.5 times the light of white
DECIBELS, SMALLEST_ERROR = 0.05, 1e-5  # weight of log(MSE + SMALLEST_ERROR) beside L1
BAND_SHARE = 0.5  # weight of a pixel of B, where about half of the map is used


class ToneThumb(nn.Module):
    """20,666 parameters; 21,178 in the local version.

    mask_channels : 2 for the local version: the statistics of A are read beside those of the whole
        picture, and the map is blended by the region map, C being returned untouched
    dropout : before each layer, in training
    """

    OWN_LOSS = True

    def __init__(self, *, mask_channels: int = 0, dropout: float = 0.1) -> None:
        super().__init__()
        self.mask_channels = mask_channels
        count = COUNT + (LOCAL_COUNT if mask_channels else 0)
        self.standardise = Standardise(count)
        self.judge = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(count, WIDTH),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(WIDTH, WIDTH),
            nn.ReLU(),
            nn.Dropout(dropout),
        )
        self.sizes = (3 * (KNOTS - 1), 9, 3, 1)  # of curves, matrix, gains and the gate
        self.head = nn.Linear(WIDTH, sum(self.sizes))
        nn.init.normal_(self.head.weight, 0.0, INITIAL_SIGMA)
        nn.init.zeros_(self.head.bias)

    def forward(
        self, images: Tensor, regions: Tensor | None = None, reference: Tensor | None = None
    ) -> Output:
        network_input(images, regions, self.mask_channels)  # refuses what is no batch
        local = bool(self.mask_channels) and regions is not None
        if reference is not None:
            return self._learn(images, regions if local else None, reference)
        tone = self.predict(images, regions)
        if torch.is_grad_enabled() or images.is_cuda or images.dtype != torch.float32:
            pixels = tone(images.flatten(2).transpose(1, 2))
            image = clamp_inwards(pixels).transpose(1, 2).view_as(images)
        else:
            image = torch_ops.apply_each(bake(tone), images, "trilinear").clamp_(0, 1)
        return Output(blend_by_regions(images, image, regions) if local else image)

    def predict(self, images: Tensor, regions: Tensor | None = None) -> ToneMap:
        """The map of each picture. `images` and `regions` as in `forward`."""
        step = -(-max(images.shape[-2:]) // SIDE)
        # Every step-th pixel, not an average of cells: averages have no highlights.
        pixels = images[..., ::step, ::step].flatten(2).transpose(1, 2)
        where = None if regions is None else regions[..., ::step, ::step].flatten(2)
        return self._judged(pixels, where)

    def colour_maps(self, images: Tensor, regions: Tensor | None = None) -> list[Lut]:
        """See benchmarks.methods.models.output.MapsColour."""
        with torch.no_grad():
            return bake(self.predict(images, regions))

    def _judged(self, pixels: Tensor, where: Tensor | None, *, learning: bool = False) -> ToneMap:
        """pixels : (N, P, 3) encoded; where : (N, 2, P) region maps or None"""
        seen = [statistics(pixels)]
        if self.mask_channels:
            seen.append(region_statistics(pixels, where))
        numbers = torch.cat(seen, 1)
        if learning:
            self.standardise.learn(numbers)
        raw = self.head(self.judge(self.standardise(numbers)))
        gate = (3 * raw[:, -1:]).sigmoid()
        curves, matrix, gains, _ = (gate * raw).split(self.sizes, 1)
        tone = ToneMap(
            steps=curves.unflatten(1, (3, -1)).exp() / (KNOTS - 1),
            matrix=torch.eye(3, device=raw.device) + 0.3 * matrix.unflatten(1, (3, 3)),
            stops=gains,
        )
        return tone.exposed(meter(tone.corrected(pixels)))

    def _learn(self, images: Tensor, regions: Tensor | None, reference: Tensor) -> Output:
        """The loss on random pixels, which are also all that is judged: cheap, and it regularises.

        L1, and the logarithm of each picture's squared error: the first alone would trade a picture
        that is nearly right for one that stays wrong.
        """
        places = torch.randint(images[0, 0].numel(), (SAMPLE,), device=images.device)
        pixels, wanted = (x.flatten(2)[..., places].transpose(1, 2) for x in (images, reference))
        where = None if regions is None else regions.flatten(2)[..., places]
        tone = self._judged(pixels, where, learning=self.training)
        error = clamp_inwards(tone(pixels)) - wanted
        weight = torch.ones_like(error[..., 0])
        if where is not None:
            weight = torch.lerp(where[:, 0], where[:, 1], BAND_SHARE)
        weight = weight / weight.sum(1, keepdim=True).clamp(min=1e-6)
        squared = (error.square().mean(2) * weight).sum(1)
        absolute = (error.abs().mean(2) * weight).sum(1)
        logarithm = (squared + SMALLEST_ERROR).log()
        some = (weight.sum(1) > 0).to(error)  # a picture without A teaches nothing
        count = some.sum().clamp(min=1)
        terms = {
            "l1": (absolute * some).sum() / count,
            "log l2": DECIBELS * (logarithm * some).sum() / count,
        }
        return Output(images, terms=terms)  # whole pictures are not made: nothing looks at them


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
        domain = {"domain_max": (top,) * 3}
        shaper = Lut1D(_array(curves.clamp(max=top)))
        baked.append(ShapedLut(shaper, Lut3D(_array(cube), **domain)))
    return baked


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()
