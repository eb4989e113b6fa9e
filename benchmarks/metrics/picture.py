"""A picture with the forms of it that several metrics need, and two pictures with their maps.

Each form is made when first asked for and kept, so a run pays once for the Lab of a reference
however many methods, metrics and regions are compared with it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from luts.colorimetry import delta_e_2000, linear_to_lab, luminance
from luts.transfer import decode_srgb

T = TypeVar("T")


class Picture:
    """One display-encoded image (H, W, 3) in [0, 1], already checked by `inputs.check_image`."""

    def __init__(self, encoded: np.ndarray):
        self.encoded = encoded

    @cached_property
    def linear(self) -> np.ndarray:
        """Scene-linear sRGB, (H, W, 3)."""
        return decode_srgb(self.encoded)

    @cached_property
    def lab(self) -> np.ndarray:
        """CIE Lab, (H, W, 3)."""
        return linear_to_lab(self.linear)

    @cached_property
    def luminance(self) -> np.ndarray:
        """Relative luminance of the linear light, (H, W)."""
        return luminance(self.linear)

    @cached_property
    def planes(self) -> np.ndarray:
        """The three channels as contiguous planes, (3, H, W)."""
        return np.ascontiguousarray(self.encoded.transpose(2, 0, 1))


class Comparison:
    """An estimate beside what it should have been."""

    def __init__(self, estimate: Picture, reference: Picture):
        self.estimate = estimate
        self.reference = reference
        self._kept: dict[tuple[object, ...], tuple[Any, object]] = {}

    def once(self, make: Callable[..., T], *inputs: np.ndarray | None) -> T:
        """Return make(self, *inputs), computed at the first call and kept.

        Arrays count as equal when they are the same object, which is how the weights of a Target
        come back for every metric.
        """
        key = (make, *map(id, inputs))
        if key not in self._kept:
            # Keeping the inputs too means that their ids cannot be given to other arrays.
            self._kept[key] = make(self, *inputs), inputs
        return self._kept[key][0]

    @cached_property
    def squared_error(self) -> np.ndarray:
        """Squared error averaged over the channels, (H, W)."""
        step = self.estimate.encoded - self.reference.encoded
        return np.einsum("hwc,hwc->hw", step, step) / 3

    @cached_property
    def delta_e_2000(self) -> np.ndarray:
        """CIEDE2000 of every pixel, (H, W)."""
        return delta_e_2000(self.estimate.lab, self.reference.lab)
