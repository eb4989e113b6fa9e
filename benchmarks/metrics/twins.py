"""Metrics of whole batches on a device: TWINS of METRICS, and what is left to the CPU.

A twin computes in float32 what its metric computes in float32, in another order: values agree to
TOLERANCE, not to the bit, so rows made here have keys of their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from luts.torch import colour
from luts.torch.layout import to_batch, to_device
from luts.torch.transfer import decode_srgb

from . import torch_path as formulas
from .fidelity import CODE, JUMP

if TYPE_CHECKING:
    from .case import Target
    from .metric import Metric

# Largest difference from METRICS, relative above 1 and absolute below. Seen on the demo set, on a
# CPU: 2e-4 for the ITP difference of nearly equal pictures, 4e-5 for the rest.
TOLERANCE = 4e-4


class PictureTensors:
    """Encoded pictures (N, 3, H, W) with the forms of them that several twins need."""

    def __init__(self, encoded: Tensor):
        self.encoded = encoded

    @cached_property
    def linear(self) -> Tensor:
        """Scene-linear sRGB, (N, 3, H, W)."""
        return decode_srgb(self.encoded)

    @cached_property
    def lab(self) -> Tensor:
        """CIE Lab, (N, 3, H, W)."""
        return colour.linear_to_lab(self.linear)

    @cached_property
    def luminance(self) -> Tensor:
        """Relative luminance, (N, 1, H, W)."""
        return colour.luminance(self.linear)


class TargetTensors:
    """The targets of a batch on a device; shared by all methods."""

    def __init__(self, targets: Sequence[Target], device: str):
        self.ideal = PictureTensors(to_batch([t.ideal.encoded for t in targets], device))
        self.alpha = to_device([t.alpha for t in targets], device)[:, None]
        self.weights = formulas.region_weights(to_device([t.regions for t in targets], device))


class CaseTensors:
    """Estimates (N, 3, H, W), in [0, 1], for the targets of a batch, with the maps twins share."""

    def __init__(self, estimates: Tensor, target: TargetTensors):
        self.estimate, self.target = PictureTensors(estimates), target

    @cached_property
    def step(self) -> Tensor:
        """Difference of the encoded pictures, (N, 3, H, W)."""
        return self.estimate.encoded - self.target.ideal.encoded

    @cached_property
    def squared_error(self) -> Tensor:
        """Squared error averaged over the channels, (N, 1, H, W)."""
        return self.step.square().mean(1, keepdim=True)

    @cached_property
    def largest_step(self) -> Tensor:
        """Largest change of any channel, (N, 1, H, W)."""
        return self.step.abs().amax(1, keepdim=True)

    @cached_property
    def delta_e_2000(self) -> Tensor:
        """CIEDE2000 of every pixel, (N, 1, H, W)."""
        return colour.delta_e_2000(self.estimate.lab, self.target.ideal.lab)[:, None]

    @cached_property
    def delta_e_1976(self) -> Tensor:
        """CIE 1976 difference of every pixel, (N, 1, H, W)."""
        return colour.delta_e_1976(self.estimate.lab, self.target.ideal.lab)

    @cached_property
    def delta_e_itp(self) -> Tensor:
        """Difference ITP of every pixel, (N, 1, H, W)."""
        return colour.difference_itp(self.estimate.linear, self.target.ideal.linear)

    @cached_property
    def angle(self) -> Tensor:
        """Angle of every pixel, (N, 1, H, W)."""
        return formulas.angles(self.estimate.linear, self.target.ideal.linear)

    @cached_property
    def stops(self) -> Tensor:
        """Exposure error of every pixel, (N, 1, H, W)."""
        return formulas.stops(self.estimate.luminance, self.target.ideal.luminance)


Twin = Callable[[CaseTensors, Tensor | None], Tensor]


def _ssim(case: CaseTensors, weight: Tensor | None) -> Tensor:
    return formulas.ssim(case.estimate.encoded, case.target.ideal.encoded, weight)


def _angular_error(case: CaseTensors, weight: Tensor | None) -> Tensor:
    seen = (case.angle >= 0).float()
    return formulas.mean(case.angle, seen if weight is None else weight * seen)


def _ev_rmse(case: CaseTensors, weight: Tensor | None) -> Tensor:
    error = formulas.smooth(case.stops, weight)
    return formulas.mean(error.square(), weight).sqrt()


def _unchanged(case: CaseTensors, weight: Tensor | None) -> Tensor:
    return formulas.mean((case.largest_step <= CODE + 1e-6).float(), weight)


def _delta_e_max(case: CaseTensors, weight: Tensor | None) -> Tensor:
    """Largest CIEDE2000, made again in float64 where float32 may have hidden it."""
    rough = case.delta_e_2000[:, 0]
    inside = torch.ones_like(rough) if weight is None else weight[:, 0]
    rough = rough.masked_fill(inside < 0.5, -math.inf)
    highest = rough.flatten(1).amax(1)
    found = torch.where(highest < 0, math.nan, 0.0).double()
    near = (rough >= (highest - JUMP)[:, None, None]) & (highest > 0)[:, None, None]
    image, *_ = place = near.nonzero(as_tuple=True)
    pair = (case.estimate.encoded, case.target.ideal.encoded)
    colours = (p.permute(0, 2, 3, 1)[place].double()[..., None, None] for p in pair)
    labs = (colour.linear_to_lab(decode_srgb(c)) for c in colours)
    exact = colour.delta_e_2000(*labs).flatten()
    return found.scatter_reduce(0, image, exact, "amax")


# METRICS' names. The rest needs the shape of the band, or is seldom asked for.
TWINS: dict[str, Twin] = {
    "psnr": lambda case, weight: formulas.decibel(formulas.mean(case.squared_error, weight)),
    "ssim": _ssim,
    "delta_e_2000": lambda case, weight: formulas.mean(case.delta_e_2000, weight),
    "delta_e_1976": lambda case, weight: formulas.mean(case.delta_e_1976, weight),
    "delta_e_itp": lambda case, weight: formulas.mean(case.delta_e_itp, weight),
    "angular_error": _angular_error,
    "ev_rmse": _ev_rmse,
    "ev_bias": lambda case, weight: formulas.mean(case.stops, weight),
    "unchanged": _unchanged,
    "largest_codes": lambda case, w: formulas.percentile(case.largest_step, w, 100) / CODE,
    "delta_e_2000_p99": lambda case, w: formulas.percentile(case.delta_e_2000, w, 99),
    "delta_e_2000_max": _delta_e_max,
}


@torch.inference_mode()
def score_batch(
    estimates: Tensor, target: TargetTensors, metrics: Sequence[Metric]
) -> tuple[list[str], Tensor]:
    """Score a batch by every metric that has a twin, in every region.

    Parameters
    ----------
    estimates : (N, 3, H, W) float32, encoded, in [0, 1]
    target : of the same N pictures
    metrics : those without a twin are passed over

    Returns
    -------
    (full ids of what was measured, their values (N, ids) float64 on the device). NaN where a region
    is empty or holds nothing to measure.
    """
    case, ids, values = CaseTensors(estimates, target), [], []
    for metric in metrics:
        if metric.name in TWINS:
            for region in metric.regions:
                ids.append(metric.region_id(region))
                values.append(TWINS[metric.name](case, target.weights[region]).double())
    empty = torch.empty(len(estimates), 0, dtype=torch.float64, device=estimates.device)
    return ids, torch.stack(values, 1) if values else empty
