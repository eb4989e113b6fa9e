"""A scene opened for rendering: its linear light at working size, its references and its guides.

Whatever the source is, a raw file, a finished picture or a set of ready exposures, the renderer
sees the same thing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from luts.colour.transfer import encode_srgb
from luts.tool import exact
from luts.tool.gate import plain_text

from ..dataset.rows import Develop, SourceFile
from ..develop import series as develop
from ..develop.tone import TONES
from ..images.codes import quantise
from ..references.material import Made
from ..regions.geometry import Guide
from ..regions.mask_file import MaskFile
from ..sources.scene import Scene
from .mattes import MatteError


class OpenSceneError(Exception):
    """A scene that gives no samples; `status` is the word for the manifest."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, eq=False)
class OpenScene:
    """An opened scene. `exposures` is empty unless the source's inputs are ready pictures."""

    linear: np.ndarray  # (H, W, 3) float32, scene-linear, at working size
    references: Mapping[str, Made] = field(default_factory=dict)
    mattes: Sequence[MaskFile | MatteError] = ()  # one for all samples, or one for each mask
    centre: tuple[float, float] | None = None  # of a mask: x, y as shares of width and height
    source: SourceFile = field(default_factory=lambda: SourceFile(""))  # as what follows: for rows
    develop: Develop = field(default_factory=lambda: Develop("picture"))
    camera: str = ""
    orientation: int = 1  # of the file, EXIF
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # what looks like a wrong reading, see datagen.develop.plausible
    lost: Mapping[float | None, tuple[str, str]] = field(default_factory=dict)  # EV: status, reason
    exposures: Mapping[float | None, np.ndarray] = field(default_factory=dict)  # encoded, by EV
    shots: Mapping[float | None, np.ndarray] = field(default_factory=dict)  # of a bracket: linear
    light_kind: str = "developed"  # what `linear` is, for the references
    white: float | None = 1.0  # where it was cut off
    tone: str = "none"
    noisy: Callable[[float], np.ndarray] | None = None  # `linear` with a shorter exposure's noise
    shift_ev: float = 0.0  # the file's BaselineExposure, when the recipe wants it added

    @property
    def size(self) -> tuple[int, int]:
        """Height and width, pixels."""
        height, width = self.linear.shape[:2]
        return height, width

    def guide(self, mask: int | None) -> Guide:
        """What a region map may follow, of the mask of that number; raises OpenSceneError."""
        if not self.mattes:
            return Guide(None, self.centre)
        matte = self.mattes[mask or 0]
        if isinstance(matte, MatteError):
            raise OpenSceneError(matte.status, str(matte))
        return Guide(matte.matte, self.centre)

    def matte_facts(self, mask: int | None, scene: Scene) -> dict[str, Any]:
        """Which mask a region map may follow and how it was read, for the row."""
        matte = self.mattes[mask or 0] if self.mattes else None
        if not isinstance(matte, MaskFile):
            return {}
        names = scene.masks if mask is None else scene.masks[mask : mask + 1]
        return {"segmentation": {"path": plain_text(", ".join(names)), "read": matte.read}}

    def codes(self, ev: float | None, bits: int) -> np.ndarray:
        """The picture at an EV: (H, W, 3) uint8 or uint16, as `datagen.develop.series` gives it."""
        if ev in self.exposures:
            return quantise(self.exposures[ev], bits)
        light, stops = self._exposed(ev)
        return develop.render(light, stops, bits, tone=self.tone)

    def encoded(self, ev: float | None) -> np.ndarray:
        """The same before rounding, for a distortion to work on: (H, W, 3) float32 in [0, 1]."""
        if ev in self.exposures:
            return self.exposures[ev]
        light, stops = self._exposed(ev)
        exposed = TONES[self.tone](np.clip(light * np.float32(exact.exp2(stops)), 0, 1))
        return np.asarray(encode_srgb(exposed.astype(np.float64)), np.float32)

    def _exposed(self, ev: float | None) -> tuple[np.ndarray, float]:
        """The light to show for an EV, and by how many stops to raise it: a shot has its own."""
        if ev in self.shots:
            return self.shots[ev], self.shift_ev
        return self._light(_known(ev)), _known(ev) + self.shift_ev

    def _light(self, ev: float) -> np.ndarray:
        return self.noisy(ev) if self.noisy is not None and ev < 0 else self.linear


def _known(ev: float | None) -> float:
    """An exposure that light is developed at; ready pictures alone have none."""
    if ev is None:
        raise ValueError("ev: must be a number of stops for a scene that has no ready picture")
    return ev
