"""An unpacked raw as a value: what `datagen.raw.read` reads and every step of development takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np


@dataclass(frozen=True, eq=False)
class RawPhoto:
    """An unpacked raw: arrays and numbers, no open file. Nothing here has been developed.

    `pattern` holds the colour of each site of the repeating tile (2 x 2 Bayer, 6 x 6 X-Trans,
    1 x 1 monochrome), an index into the K colours of `white_balance`. A linear DNG has no pattern:
    its mosaic is (H, W, K).
    """

    path: Path
    mosaic: np.ndarray  # (H, W) or (H, W, K) uint16 or float32, sensor units, the visible area
    pattern: np.ndarray | None  # (rows, columns) uint8
    black: np.ndarray  # float32, sensor units: like the pattern, or (K,) without one
    white: float  # sensor units
    white_balance: np.ndarray  # (K,) float32 gains, the smallest is 1
    white_balance_origin: Literal["as-shot", "daylight", "grey-world", "none"]
    camera_to_srgb: np.ndarray  # (3, K) float32, from white-balanced camera colour; sums to `scale`
    matrix_origin: Literal["dng", "libraw", "none"]
    crop: tuple[int, int, int, int]  # left, top, width, height within the mosaic
    crop_origin: Literal["dng", "camera", "none"]
    orientation: int  # EXIF code, not applied to the mosaic
    pixel_aspect: float  # width of a pixel over its height
    baseline_ev: float | None  # DNG BaselineExposure, stops; applied on request only
    noise_profile: tuple[tuple[float, float], ...] | None  # (S, O): variance S x + O of x in [0, 1]
    camera: str
    iso: float | None
    exposure_time_s: float | None
    unapplied: tuple[str, ...] = ()  # corrections in the file that nobody here applies
    scale: float = 1.0  # float samples above their white level: `white` is so many times theirs

    @property
    def tile(self) -> np.ndarray:
        """`pattern` of a photo that has one; ValueError for a linear DNG."""
        if self.pattern is None:
            raise ValueError(f"{self.path}: has no mosaic")
        return self.pattern

    @property
    def colours(self) -> int:
        """Number K of colours of the sensor."""
        return len(self.white_balance)
