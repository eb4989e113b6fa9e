"""Zero-DCE and Zero-DCE++: a small network predicts quadratic curves, applied eight times.

C. Guo et al., "Zero-Reference Deep Curve Estimation for Low-Light Image Enhancement", CVPR 2020.
C. Li, C. Guo, C. C. Loy, "Learning to Enhance Low-Light Image via Zero-Reference Deep Curve
Estimation", TPAMI 2021 (Zero-DCE++).

Paper: x + A x (1 - x). The authors' code computes x + r (x^2 - x), so r = -A. The layers here
predict r and carry the authors' names, so their weights load; `Output.curves` and `apply_curves`
speak of A.
With |A| <= 1 each step maps [0, 1] onto itself, increasing, hence there is no clamp.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F  # noqa: N812

from ..output import Modulate, Output, network_input, unmodulated

WIDTH = 32
STEPS = 8
INITIAL_SIGMA = 0.02  # of convolution weights, authors' code; biases keep torch's default


def apply_curves(images: Tensor, curves: Tensor, steps: int = STEPS) -> Tensor:
    """Apply x + A x (1 - x) `steps` times.

    Parameters
    ----------
    images : (N, 3, H, W) encoded, [0, 1]
    curves : (N, 3 * steps, H, W), step 1 first; or (N, 3, H, W), the same A at every step
    """
    curves = curves.to(images.dtype)
    if torch.is_grad_enabled() and (images.requires_grad or curves.requires_grad):
        return _Curves.apply(images, curves, steps)
    x, scratch = images.clone(), torch.empty_like(images)
    for a in _maps(curves, steps):
        torch.mul(x, x, out=scratch)
        torch.sub(x, scratch, out=scratch)
        x.addcmul_(a, scratch)
    return x


class _Curves(torch.autograd.Function):
    """The steps with their derivative by hand: one image kept per step; autograd keeps two.

    Planar inside, since strided steps through interleaved channels cost more than the copy; the
    gradient goes back in the layout the curves came in, for the layers below are fast in theirs.
    """

    @staticmethod
    def forward(ctx: Any, images: Tensor, curves: Tensor, steps: int) -> Tensor:
        ctx.interleaved = curves.is_contiguous(memory_format=torch.channels_last)
        images, curves = images.contiguous(), curves.contiguous()
        states = [images]
        for a in _maps(curves, steps):
            x = states[-1]
            states.append(torch.addcmul(x, a, x - x * x))
        ctx.save_for_backward(curves, *states[:-1])
        return states[-1]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, Tensor, None]:
        curves, *states = ctx.saved_tensors
        upstream, by_curves = upstream.contiguous(), torch.zeros_like(curves)
        maps, slots = _maps(curves, len(states)), _maps(by_curves, len(states))
        for x, a, slot in reversed(list(zip(states, maps, slots, strict=True))):
            slot.addcmul_(upstream, x - x * x)
            upstream = upstream * torch.addcmul(torch.ones_like(x), a, 1 - 2 * x)
        layout = torch.channels_last if ctx.interleaved else torch.contiguous_format
        return upstream, by_curves.contiguous(memory_format=layout), None


def _maps(curves: Tensor, steps: int) -> tuple[Tensor, ...]:
    """Views of the map of each step."""
    return (curves,) * steps if curves.shape[1] == 3 else curves.chunk(steps, dim=1)


class _Trunk(nn.Module):
    """Seven convolutions e_conv1..7; 5, 6 and 7 also read the outputs of 3, 2 and 1."""

    SITES: ClassVar[Mapping[str, int]] = {f"e_conv{i}": WIDTH for i in (1, 2, 3, 4)}
    e_conv7: nn.Module

    def raw_curves(self, x: Tensor, modulate: Modulate) -> Tensor:
        """The tanh maps r, in the code's sign."""

        def layer(name: str, features: Tensor) -> Tensor:
            features = getattr(self, name)(features)
            return F.relu(modulate(name, features) if name in self.SITES else features)

        x1 = layer("e_conv1", x)
        x2 = layer("e_conv2", x1)
        x3 = layer("e_conv3", x2)
        x4 = layer("e_conv4", x3)
        x5 = layer("e_conv5", torch.cat([x3, x4], 1))
        x6 = layer("e_conv6", torch.cat([x2, x5], 1))
        return torch.tanh(self.e_conv7(torch.cat([x1, x6], 1)))


class ZeroDce(_Trunk):
    """79,416 parameters. `degree` scales A: 0 leaves the image as it is, 1 is as trained."""

    def __init__(self, *, mask_channels: int = 0, degree: float = 1.0) -> None:
        super().__init__()
        self.mask_channels, self.degree = mask_channels, degree
        for i, (inputs, outputs) in enumerate(_layers(mask_channels, 3 * STEPS), start=1):
            conv = nn.Conv2d(inputs, outputs, 3, padding=1)
            nn.init.normal_(conv.weight, 0.0, INITIAL_SIGMA)
            setattr(self, f"e_conv{i}", conv)

    def forward(
        self, images: Tensor, regions: Tensor | None = None, modulate: Modulate = unmodulated
    ) -> Output:
        x = network_input(images, regions, self.mask_channels)
        curves = -self.degree * self.raw_curves(x, modulate)
        return Output(apply_curves(images, curves), curves=curves)


class ZeroDcePlusPlus(_Trunk):
    """10,561 parameters. Curves are predicted on a copy `scale` times smaller (12 in the paper)."""

    def __init__(self, *, scale: int = 1, mask_channels: int = 0, degree: float = 1.0) -> None:
        super().__init__()
        self.scale, self.mask_channels, self.degree = scale, mask_channels, degree
        for i, (inputs, outputs) in enumerate(_layers(mask_channels, 3), start=1):
            setattr(self, f"e_conv{i}", _Separable(inputs, outputs))

    def forward(
        self, images: Tensor, regions: Tensor | None = None, modulate: Modulate = unmodulated
    ) -> Output:
        x = network_input(images, regions, self.mask_channels, least=self.scale)
        size = images.shape[-2:]
        if self.scale > 1:
            small = [side // self.scale for side in size]
            x = F.interpolate(x, small, mode="bilinear", align_corners=False)
        curves = -self.degree * self.raw_curves(x, modulate)
        if self.scale > 1:
            curves = F.interpolate(curves, size, mode="bilinear", align_corners=True)
        return Output(apply_curves(images, curves), curves=curves)


class _Separable(nn.Module):
    """Depthwise 3x3, then pointwise 1x1, both with bias."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.depth_conv = nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs)
        self.point_conv = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.point_conv(self.depth_conv(x))


def _layers(mask_channels: int, curve_channels: int) -> list[tuple[int, int]]:
    """(inputs, outputs) of e_conv1..7."""
    plain, joined = (WIDTH, WIDTH), (2 * WIDTH, WIDTH)
    last = (2 * WIDTH, curve_channels)
    return [(3 + mask_channels, WIDTH), plain, plain, plain, joined, joined, last]
