"""Where a stream's light comes from: one value per scene, opened when it is first wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from .views import pyramid

BRIGHTEST = 65504.0  # the largest number of float16
MIDDLE = 2.0**-4  # where a panorama's median goes, so that neither end is lost


@dataclass(eq=False)
class LightSource:
    """One scene's light.

    name, group, licence : of the scene
    load : gives the light as (H, W, 3) float16 or float32, linear, in any unit
    """

    name: str
    group: str
    licence: str
    load: Callable[[], np.ndarray]
    _levels: list[Tensor] = field(default_factory=list)

    def levels(self, device: torch.device) -> list[Tensor]:
        """The pyramid of the light, float16, kept on the device it was last wanted on."""
        if not self._levels:
            light = np.moveaxis(self.load(), 2, 0)
            self._levels = pyramid(torch.from_numpy(np.ascontiguousarray(light, np.float16)))
        if self._levels[0].device != device:
            self._levels = [level.to(device) for level in self._levels]
        return self._levels


def normalised(linear: np.ndarray) -> np.ndarray:
    """Scale light so that float16 holds it: the median at 1/16, the sun cut at 65,504.

    No exposure shows the cut: 20 stops above the median every sensor is white.
    """
    median = float(np.median(linear.max(-1)))
    if median <= 0:
        median = float(linear.mean()) or 1.0
    scaled = linear * np.float32(MIDDLE / median)
    return np.minimum(scaled, BRIGHTEST).astype(np.float16)
