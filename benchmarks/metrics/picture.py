"""A picture with the forms of it that several metrics need, and two pictures with their maps.

Each form is made when first asked for and kept, so a run pays once for the Lab of a reference
however many methods, metrics and regions are compared with it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from luts.colour.colorimetry import delta_e_2000, linear_to_lab, luminance
from luts.colour.transfer import decode_srgb

T = TypeVar("T")
_STRIP_PIXELS = 16384


class Picture:
    """One display-encoded image (H, W, 3) in [0, 1], already checked by `inputs.check_image`."""

    def __init__(self, encoded: np.ndarray):
        self.encoded = encoded

    @cached_property
    def linear(self) -> np.ndarray:
        """Scene-linear sRGB, (H, W, 3)."""
        return in_strips(decode_srgb, self.encoded)

    @cached_property
    def lab(self) -> np.ndarray:
        """CIE Lab, (H, W, 3)."""
        return linear_to_lab(self.linear)

    @cached_property
    def luminance(self) -> np.ndarray:
        """Relative luminance of the linear light, (H, W)."""
        return in_strips(luminance, self.linear)


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
        return in_strips(_squared_error, self.estimate.encoded, self.reference.encoded)

    @cached_property
    def delta_e_2000(self) -> np.ndarray:
        """CIEDE2000 of every pixel, (H, W)."""
        return delta_e_2000(self.estimate.lab, self.reference.lab)


def in_strips(function: Callable[..., np.ndarray], *images: np.ndarray) -> np.ndarray:
    """Apply a pixel by pixel function of (h, W, 3) arrays to a few rows at a time.

    Its temporaries then stay in the processor's cache: several times as fast for large pictures,
    and nothing but the result takes memory.
    """
    rows = max(1, _STRIP_PIXELS // images[0].shape[1])
    first = function(*(image[:rows] for image in images))
    result = np.empty((len(images[0]), *first.shape[1:]), first.dtype)
    result[:rows] = first
    for start in range(rows, len(result), rows):
        result[start : start + rows] = function(*(i[start : start + rows] for i in images))
    return result


def _squared_error(estimate: np.ndarray, reference: np.ndarray) -> np.ndarray:
    step = estimate - reference
    return np.einsum("hwc,hwc->hw", step, step) / 3
