"""The arithmetic of region maps: distances, paths, erosion, and the checks of their settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from .labels import A, B, C, distance_to

Size = tuple[int, int]  # height, width
Centre = Literal["random", "middle", "stored"]


@dataclass(frozen=True)
class Guide:
    """What is known about a scene that a mask can follow."""

    segmentation: np.ndarray | None = None  # (H, W) float in [0, 1], 1 = the subject
    centre: tuple[float, float] | None = None  # x, y as shares of width and height


def label(core: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """A in the core, B in the rest of the reach, C elsewhere."""
    return np.where(core, A, np.where(reach, B, C)).astype(np.uint8)


def offsets(size: Size, x: float, y: float) -> tuple[np.ndarray, np.ndarray]:
    """Distance of every pixel's middle from (x, y), rightwards (1, W) and downwards (H, 1)."""
    height, width = size
    return np.arange(width)[None, :] + 0.5 - x, np.arange(height)[:, None] + 0.5 - y


def pick_centre(
    rule: Centre, size: Size, radius: float, rng: np.random.Generator, guide: Guide
) -> tuple[float, float]:
    """Pick a centre; a random one keeps the whole core inside the picture where it fits."""
    height, width = size
    if rule == "middle":
        return width / 2, height / 2
    if rule == "stored":
        if guide.centre is None:
            raise ValueError("the mask wants the centre stored with the scene, which has none")
        return guide.centre[0] * width, guide.centre[1] * height
    margins = [min(radius, side / 2) for side in (width, height)]
    x, y = (
        float(rng.uniform(margin, side - margin))
        for margin, side in zip(margins, (width, height), strict=True)
    )
    return x, y


def bezier_chain(knots: np.ndarray) -> np.ndarray:
    """A smooth path through the middles of the legs between knots (quadratic B-spline)."""
    t = np.linspace(0, 1, 32)[:, None]
    middles = (knots[:-1] + knots[1:]) / 2
    return np.concatenate(
        [
            (1 - t) ** 2 * start + 2 * t * (1 - t) * knot + t**2 * end
            for start, knot, end in zip(middles[:-1], knots[1:-1], middles[1:], strict=True)
        ]
    )


def shrink(subject: np.ndarray, radius: float, kernel: str) -> np.ndarray:
    """Erode a boolean mask by a radius in pixels; the frame's edge takes nothing away."""
    if radius < 1:
        return subject
    if kernel == "square":
        side = 2 * int(radius) + 1
        return cv2.erode(subject.astype(np.uint8), np.ones((side, side), np.uint8)).astype(bool)
    if subject.all():
        return subject
    return distance_to(~subject) > radius


def rounded(**lengths: float) -> dict[str, float]:
    """Lengths as manifests hold them, to three decimals."""
    return {name: round(float(length), 3) for name, length in lengths.items()}


def check_length(**lengths: float) -> None:
    """Refuse lengths outside (0, 2]."""
    for name, length in lengths.items():
        if not 0 < length <= 2:
            raise ValueError(
                f"{name}: must be above 0 and at most 2 (a share of m), got {length:g}"
            )


def check_band(band: tuple[float, float]) -> None:
    """Refuse a range of widths outside [1, 10], or one that falls."""
    if not 1 <= band[0] <= band[1] <= 10:
        raise ValueError(f"band: needs 1 <= lowest <= highest <= 10, got {list(band)}")


def check_aspect(aspect: tuple[float, float]) -> None:
    """Refuse a range of aspects outside [0.01, 1], or one that falls."""
    if not 0.01 <= aspect[0] <= aspect[1] <= 1:
        raise ValueError(f"aspect: needs 0.01 <= lowest <= highest <= 1, got {list(aspect)}")
