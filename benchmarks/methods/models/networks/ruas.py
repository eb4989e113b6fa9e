"""RUAS: illumination by three searched cells, then noise taken away by three more.

R. Liu et al., "Retinex-inspired Unrolling with Cooperative Prior Architecture Search for Low-light
Image Enhancement", CVPR 2021; the cells found by the authors' search, and the losses of their code.
Trained without references. They train the two parts in turn, the second from weights trained
before; here both are trained together.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from ..output import Output, network_input
from ..parts.neighbour_smoothness import neighbour_smoothness

SLOPE = 0.05
DARKEST = 1e-3
STEP = 0.5  # how far the illumination's guess follows what was brightened too much
DENOISED, CELLS = 6, 3  # channels and cells of the second part
FIDELITY, CLOSENESS, VARIATION = 0.5, 1e-7, 2.0  # weights of the losses
SIGMA = 10.0  # their smoothness has exp(-0.005 d^2), a sigma of 10


class Ruas(nn.Module):
    """Parameters: see its card."""

    OWN_LOSS = True

    def __init__(self) -> None:
        super().__init__()
        self.light = nn.ModuleList(_Cell(3, ILLUMINATION) for _ in range(CELLS))
        self.enter = nn.Conv2d(3, DENOISED, 3, padding=1)
        self.clean = nn.Sequential(*(_Cell(DENOISED, NOISE) for _ in range(CELLS)))
        self.leave = nn.Conv2d(DENOISED, 3, 3, padding=1)

    def forward(
        self,
        images: Tensor,
        regions: Tensor | None = None,
        reference: Tensor | None = None,
    ) -> Output:
        network_input(images, regions)
        bright, light = torch.ones_like(images), images
        for stage, cell in enumerate(self.light):
            guess = _brightest(bright if stage else images)
            if stage:
                guess = guess - STEP * (bright - images)
            light = cell(guess).sigmoid().clamp(DARKEST, 1)
            bright = (images / light).clamp(0, 1)
        noise = self.leave(self.clean(self.enter(bright)))
        image = bright - noise
        terms = None if reference is None else _terms(images, light, bright, image)
        return Output(image.clamp(0, 1), illumination=light, terms=terms)


def _terms(images: Tensor, light: Tensor, bright: Tensor, image: Tensor) -> dict[str, Tensor]:
    """What the authors minimise; no reference is looked at."""
    variation = sum(image.diff(dim=axis).square().mean() for axis in (2, 3))
    return {
        "fidelity": FIDELITY * (light - images).square().mean(),
        "smoothness": neighbour_smoothness(light, images, sigma=SIGMA) / 3,
        "denoised": CLOSENESS * (image - bright).square().mean() + VARIATION * variation,
    }


def _brightest(x: Tensor) -> Tensor:
    """The largest of each pixel and its neighbours to the right and below."""
    return F.max_pool2d(F.pad(x, (0, 1, 0, 1)), 2, stride=1)


class _Residual(nn.Conv2d):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + x


def _skip(width: int) -> nn.Module:
    return nn.Identity()


def _point(width: int) -> nn.Module:
    return _Residual(width, width, 1)


def _wide(width: int) -> nn.Module:
    return _Residual(width, width, 3, padding=2, dilation=2)


def _plain(width: int) -> nn.Module:
    return nn.Conv2d(width, width, 3, padding=1)


# What the search chose: distilled and remaining branch of three steps, and the last step.
ILLUMINATION = (_skip, _point, _wide, _plain, _plain, _skip, _plain)
NOISE = (_point, _point, _wide, _skip, _point, _point, _skip)


class _Cell(nn.Module):
    """Three steps that each keep a distilled copy; a 1 x 1 convolution fuses the four."""

    def __init__(self, width: int, chosen: tuple) -> None:
        super().__init__()
        self.parts = nn.ModuleList(make(width) for make in chosen)
        self.fuse = nn.Conv2d(4 * width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        kept = []
        for step in range(3):
            distil, remain = self.parts[2 * step], self.parts[2 * step + 1]
            kept.append(F.leaky_relu(distil(x), SLOPE))
            x = F.leaky_relu(remain(x) + x, SLOPE)
        kept.append(F.leaky_relu(self.parts[6](x), SLOPE))
        return self.fuse(torch.cat(kept, 1))
