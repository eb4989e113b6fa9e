"""Where a stream's light comes from: one value per scene, opened when it is first wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from .views import pyramid

BRIGHTEST = 65504.0  # the largest number of float16
MIDDLE = 2.0**-4  # where a panorama's median goes, so that neither end is lost
LIGHT = "light"  # the one array that every scene has


@dataclass(eq=False)
class LightSource:
    """One scene.

    name, group, licence, split : of the scene
    arrays : loaders by name: "light" (H, W, 3) linear float16, and of pictures also "matte",
        "reference NAME" and "exposure EV" as codes or float16
    """

    name: str
    group: str
    licence: str
    split: str
    arrays: Mapping[str, Callable[[], np.ndarray]]
    _levels: list[Tensor] = field(default_factory=list)
    _planes: dict[str, Tensor] = field(default_factory=dict)

    def levels(self, device: torch.device) -> list[Tensor]:
        """The pyramid of a panorama, float16, kept on the device it was last wanted on."""
        if not self._levels:
            self._levels = pyramid(self.plane(LIGHT, torch.device("cpu")))
        if self._levels[0].device != device:
            self._levels = [level.to(device) for level in self._levels]
        return self._levels

    def plane(self, name: str, device: torch.device) -> Tensor:
        """An array as (C, H, W), of its own type; kept."""
        if name not in self._planes:
            array = np.atleast_3d(self.arrays[name]())
            self._planes[name] = torch.from_numpy(np.array(np.moveaxis(array, 2, 0), order="C"))
        if self._planes[name].device != device:
            self._planes[name] = self._planes[name].to(device)
        return self._planes[name]


def normalised(linear: np.ndarray) -> np.ndarray:
    """Scale light so that float16 holds it: the median at 1/16, the sun cut at 65,504.

    No exposure shows the cut: 20 stops above the median every sensor is white.
    """
    median = float(np.median(linear.max(-1)))
    if median <= 0:
        median = float(linear.mean()) or 1.0
    scaled = linear * np.float32(MIDDLE / median)
    return np.minimum(scaled, BRIGHTEST).astype(np.float16)
