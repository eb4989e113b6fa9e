"""DeepUPE: divide the image by an illumination map from a bilateral grid of affine transforms.

R. Wang et al., "Underexposed Photo Enhancement using Deep Illumination Estimation", CVPR 2019, on
the network of M. Gharbi et al., "Deep Bilateral Learning for Real-Time Image Enhancement", SIGGRAPH
2017. Layers and sizes are those of the training graph the authors released: no batch normalisation,
a 16 x 16 x 8 grid, 998,816 parameters. Three things are ours: the copy the network reads is resized
with an antialiased filter, the grid starts near a constant (INITIAL_ILLUMINATION), and the bounds
of the illumination let gradients back inside (_Hold).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F  # noqa: N812

from ..output import Modulate, Output, network_input, unmodulated
from ..parts.layers import bias_of

SIDE = 256
BINS = 8
CURVE_PIECES = 16
FEATURES = 64
FLOOR = 1e-3  # added to the illumination before dividing
SMALLEST = 1e-6  # of a divisor: black stays black
GUIDE_NOISE = 1e-4
# A grid of random affine transforms starts beyond the bounds of the illumination almost everywhere;
# this offset starts between them.
INITIAL_ILLUMINATION = 0.8


class DeepUpe(nn.Module):
    """998,816 parameters.

    `degree` is a power on the illumination: 0 leaves the image as it is, 1 is as trained, more
    brightens more. RANLEN's figure 8 multiplies the illumination instead, which also brightens what
    it has learned to leave alone, where the illumination is 1.

    `released` follows the authors' script to the letter, for their weights: the network reads every
    n-th pixel instead of a smoothed copy, the illumination has 8 bits, and nothing is added to it.
    """

    # RANLEN modulates splat, global, local and prediction parts: each size of each part once.
    SITES: ClassVar[Mapping[str, int]] = {
        **{f"splat.{i}": width for i, width in enumerate((8, 16, 32, 64))},
        **dict.fromkeys(("globals.0", "globals.6", "locals.0", "fused"), FEATURES),
    }

    def __init__(
        self, *, mask_channels: int = 0, degree: float = 1.0, released: bool = False
    ) -> None:
        super().__init__()
        self.mask_channels, self.degree, self.released = mask_channels, degree, released
        widths = (3 + mask_channels, 8, 16, 32, 64)
        pairs = itertools.pairwise(widths)
        self.splat = nn.ModuleList(_Conv(a, b, stride=2) for a, b in pairs)
        strides = (2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1)
        self.globals = nn.ModuleList(_Conv(FEATURES, FEATURES, stride=s) for s in strides)
        self.dense = nn.Sequential(
            nn.Flatten(),
            nn.Linear(16 * FEATURES, 256),
            nn.ReLU(),
            nn.Linear(256, 128),
            nn.ReLU(),
            nn.Linear(128, FEATURES),
        )
        self.locals = nn.ModuleList(_Conv(FEATURES, FEATURES, bias=i == 0) for i in range(6))
        self.predict = nn.Conv2d(FEATURES, 4 * 3 * BINS, 1)
        self.guide = Guide()
        self._initialise()

    def _initialise(self) -> None:
        for module in [*self.modules()]:
            if isinstance(module, nn.Conv2d | nn.Linear) and module is not self.guide.matrix:
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        self.guide.reset()
        with torch.no_grad():
            self.predict.weight.mul_(0.1)
            bias_of(self.predict).view(4, 3, BINS)[3] = INITIAL_ILLUMINATION

    def forward(
        self, images: Tensor, regions: Tensor | None = None, modulate: Modulate = unmodulated
    ) -> Output:
        x = network_input(images, regions, self.mask_channels)
        if self.released:
            x = F.interpolate(x, (SIDE, SIDE), mode="nearest-exact")
        else:
            x = F.interpolate(x, (SIDE, SIDE), mode="bilinear", antialias=True)

        def layer(name: str, conv: nn.Module, features: Tensor) -> Tensor:
            features = conv(features)
            return F.relu(modulate(name, features) if name in self.SITES else features)

        for i, conv in enumerate(self.splat):
            x = layer(f"splat.{i}", conv, x)
        scene = x
        for i, conv in enumerate(self.globals):
            scene = layer(f"globals.{i}", conv, scene)
        x = layer("locals.0", self.locals[0], x)
        for conv in self.locals[1:]:
            x = conv(x)
        fused = F.relu(modulate("fused", x + self.dense(scene)[..., None, None]))
        grid = self.predict(fused).unflatten(1, (4, 3, BINS))
        return self.divide(images, slice_grid(grid, images, self.guide(images)))

    def divide(self, images: Tensor, illumination: Tensor) -> Output:
        """image = input / illumination, the illumination held between the input and 1."""
        if self.released and not self.training:
            illumination = (illumination.clamp(0, 1) * 255).floor() / 255
        illumination = _Hold.apply(illumination, images)
        divisor = illumination**self.degree
        image = images / (divisor.clamp(min=SMALLEST) if self.released else divisor + FLOOR)
        return Output(image.clamp(max=1), illumination=illumination)


class _Hold(torch.autograd.Function):
    """max(min(illumination, 1), images), with the gradient that leads back inside.

    The released graph's plain bounds give an illumination beyond them no gradient: once it is
    there for every pixel, the model stays the identity for ever.
    """

    @staticmethod
    def forward(ctx: Any, illumination: Tensor, images: Tensor) -> Tensor:
        ctx.save_for_backward(illumination > 1, illumination < images)
        return torch.maximum(illumination.clamp(max=1), images)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None]:
        above, below = ctx.saved_tensors
        outward = (above & (upstream < 0)) | (below & (upstream > 0))
        return upstream.masked_fill(outward, 0), None


class Guide(nn.Module):
    """(N, 3, H, W) RGB to the (N, 1, H, W) height in the grid: a matrix, a curve each, a mean."""

    def __init__(self) -> None:
        super().__init__()
        self.matrix = nn.Conv2d(3, 3, 1)
        self.shifts = nn.Parameter(torch.empty(CURVE_PIECES, 3))
        self.slopes = nn.Parameter(torch.empty(CURVE_PIECES, 3))
        self.mix = nn.Conv2d(3, 1, 1)

    def reset(self) -> None:
        """Start as the mean of the channels, plus a little noise."""
        with torch.no_grad():
            self.matrix.weight.copy_(torch.eye(3)[..., None, None])
            self.matrix.weight.add_(torch.randn(3, 3, 1, 1), alpha=GUIDE_NOISE)
            bias_of(self.matrix).zero_()
            self.shifts.copy_(torch.arange(CURVE_PIECES)[:, None].expand(-1, 3) / CURVE_PIECES)
            self.slopes.zero_()[0] = 1
            self.mix.weight.fill_(1 / 3)
            bias_of(self.mix).zero_()

    def forward(self, images: Tensor) -> Tensor:
        x = self.matrix(images)
        # One hinge at a time: a sixteenth of the memory of all at once.
        curve = sum(
            slope.view(3, 1, 1) * F.relu(x - shift.view(3, 1, 1))
            for shift, slope in zip(self.shifts, self.slopes, strict=True)
        )
        return self.mix(curve).clamp(0, 1)


def slice_grid(grid: Tensor, images: Tensor, guide: Tensor) -> Tensor:
    """Look an affine transform up for each pixel and apply it to the pixel.

    Parameters
    ----------
    grid : (N, 4, 3, D, h, w), [input r, g, b, one][output]; cell centres at (i + 0.5) / size
    images : (N, 3, H, W)
    guide : (N, 1, H, W) in [0, 1], the position along D

    Returns
    -------
    (N, 3, H, W). Trilinear, held at the borders: the tent weights of the original custom operator.
    """
    n, _, height, width = images.shape
    y = _centres(height, images).view(1, height, 1).expand(n, height, width)
    x = _centres(width, images).view(1, 1, width).expand(n, height, width)
    where = torch.stack([x, y, 2 * guide[:, 0] - 1], dim=-1)[:, None]
    sliced = F.grid_sample(
        grid.flatten(1, 2), where, mode="bilinear", padding_mode="border", align_corners=False
    )
    affine = sliced[:, :, 0].unflatten(1, (4, 3))
    return (affine[:, :3] * images[:, :, None]).sum(1) + affine[:, 3]


class _Conv(nn.Conv2d):
    """3 x 3 convolution padded as TensorFlow's SAME: a stride of 2 pads below and to the right."""

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1, bias: bool = True) -> None:
        super().__init__(inputs, outputs, 3, stride=stride, padding=2 - stride, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(F.pad(x, (0, 1, 0, 1)) if self.stride[0] == 2 else x)


def _centres(count: int, like: Tensor) -> Tensor:
    """Pixel centres in [-1, 1]."""
    return (2 * torch.arange(count, dtype=like.dtype, device=like.device) + 1) / count - 1
