"""Three small modules that lift shadows and hold highlights, found in a tutorial on PyTorch.

Each exists twice. `faithful=True` computes what the tutorial's code computes; the default repairs
it:

* zero padding darkens the blur near the border, which then looks like a highlight: replicate
* a power of 0 or of a negative number has no finite gradient: base and exponent are kept positive
* the logistic curve maps [0, 1] to [0.076, 0.924]: anchor it, so that the gain can reach 0 and 2
* the third module computes its shadow map, never uses it, and applies the sigmoid twice, so every
  pixel gets a gain between 1.5 and 1.73: use both maps, once

Luma is Rec. 601 on encoded RGB, as there.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from .. import ModelError
from ..output import Output, luma, network_input

TINY = 1e-4
EXPONENTS = (0.1, 10.0)


def gaussian_kernel(size: int, sigma: float) -> Tensor:
    """(1, 1, size, size) Gaussian of `sigma` pixels that sums to 1; `size` must be odd."""
    taps = torch.arange(size) - (size - 1) / 2
    line = torch.exp(-taps.square() / (2 * sigma**2))
    line = line / line.sum()
    return torch.outer(line, line)[None, None]


def s_curve(x: Tensor, slope: float, *, anchored: bool = True) -> Tensor:
    """Logistic S-curve around 0.5; `anchored` rescales it so that 0 stays 0 and 1 stays 1."""
    if not anchored:
        return torch.sigmoid(slope * (x - 0.5))
    # The same rescaled logistic, written with tanh: it is exact at both ends.
    return 0.5 + 0.5 * torch.tanh(slope * (x - 0.5) / 2) / torch.tanh(x.new_tensor(slope / 4))


class GaussianMasks(nn.Module):
    """Raise each pixel to 1 + h (gamma_highlights - 1) + s (gamma_shadows - 1).

    `mode="detail"` is the tutorial's: h and s are how much brighter or darker a pixel's luma is
    than its blur, an unsharp mask, so a large bright sky has h near 0. `mode="tonal"` takes h = b^2
    and s = (1 - b)^2 of the blurred luma b, closer to an editor's sliders. A gamma above 1 darkens
    highlights, one below 1 lifts shadows. No trainable parameter.
    """

    def __init__(
        self,
        kernel_size: int = 7,
        sigma: float = 2.5,
        *,
        gamma_highlights: float = 1.2,
        gamma_shadows: float = 0.8,
        mode: str = "detail",
        faithful: bool = False,
    ) -> None:
        super().__init__()
        _check_kernel(kernel_size)
        if mode not in ("detail", "tonal"):
            raise ModelError(f"mode must be 'detail' or 'tonal', got {mode!r}")
        self.gammas = (gamma_highlights, gamma_shadows)
        self.mode, self.faithful = mode, faithful
        self.kernel: Tensor
        self.register_buffer("kernel", gaussian_kernel(kernel_size, sigma))

    def masks(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Highlight and shadow masks, each (N, 1, H, W) in [0, 1]."""
        grey, reach = luma(images), self.kernel.shape[-1] // 2
        mode = "constant" if self.faithful else "replicate"
        blurred = F.conv2d(F.pad(grey, [reach] * 4, mode=mode), self.kernel)
        if self.mode == "tonal":
            return blurred.square(), (1 - blurred).square()
        return F.relu(grey - blurred), F.relu(blurred - grey)

    def forward(self, images: Tensor, regions: Tensor | None = None) -> Output:
        images = network_input(images, regions)
        highlights, shadows = self.masks(images)
        exponent = 1 + highlights * (self.gammas[0] - 1) + shadows * (self.gammas[1] - 1)
        if self.faithful:
            return Output(images**exponent)
        return Output(images.clamp(TINY, 1) ** exponent.clamp(*EXPONENTS))


def _same_size(kernel_size: int, faithful: bool) -> nn.Conv2d:
    mode: Literal["zeros", "replicate"] = "zeros" if faithful else "replicate"
    return nn.Conv2d(1, 1, kernel_size, padding=kernel_size // 2, padding_mode=mode)


class _LearnedMasks(nn.Module):
    """Two 1 -> 1 convolutions of the luma, with bias."""

    def __init__(self, kernel_size: int, faithful: bool) -> None:
        super().__init__()
        _check_kernel(kernel_size)
        self.conv_highlights = _same_size(kernel_size, faithful)
        self.conv_shadows = _same_size(kernel_size, faithful)
        self.faithful = faithful

    def gain(self, highlights: Tensor, shadows: Tensor) -> Tensor:
        raise NotImplementedError

    def forward(self, images: Tensor, regions: Tensor | None = None) -> Output:
        images = network_input(images, regions)
        grey = luma(images)
        highlights = torch.sigmoid(self.conv_highlights(grey))
        shadows = torch.sigmoid(self.conv_shadows(grey))
        image = images * self.gain(highlights, shadows)
        return Output(image if self.faithful else image.clamp(0, 1))


class LearnedCurve(_LearnedMasks):
    """Gain 1 + S(highlights) - S(shadows), S the S-curve."""

    def __init__(self, kernel_size: int = 3, *, slope: float = 5.0, faithful: bool = False) -> None:
        super().__init__(kernel_size, faithful)
        self.slope = slope

    def gain(self, highlights: Tensor, shadows: Tensor) -> Tensor:
        anchored = not self.faithful
        return (
            1
            + s_curve(highlights, self.slope, anchored=anchored)
            - s_curve(shadows, self.slope, anchored=anchored)
        )


class LearnedGain(_LearnedMasks):
    """Gain 1 + highlight_intensity * highlights - shadow_intensity * shadows."""

    def __init__(
        self,
        kernel_size: int = 3,
        *,
        highlight_intensity: float = 1.5,
        shadow_intensity: float = 0.5,
        faithful: bool = False,
    ) -> None:
        super().__init__(kernel_size, faithful)
        self.intensities = (highlight_intensity, shadow_intensity)

    def gain(self, highlights: Tensor, shadows: Tensor) -> Tensor:
        if self.faithful:
            highlights = shadows = torch.sigmoid(highlights)
        return 1 + self.intensities[0] * highlights - self.intensities[1] * shadows


def _check_kernel(size: int) -> None:
    if size < 1 or size % 2 == 0:
        raise ModelError(f"kernel_size must be odd, so that the kernel has a centre; got {size}")
