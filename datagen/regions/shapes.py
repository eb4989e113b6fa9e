"""The kinds of region map a recipe's [[mask]] block can draw.

A kind is a frozen dataclass of settings with `draw(size, rng, guide) -> Drawn`; the table is
`SHAPES`. Lengths are shares of m, the shorter side of the picture, so that one recipe means the
same at any size. `Drawn.parameters` hold what was drawn, in pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np

from luts.tool import exact

from .geometry import (
    Centre,
    Guide,
    Size,
    bezier_chain,
    check_aspect,
    check_band,
    check_length,
    label,
    offsets,
    pick_centre,
    rounded,
    shrink,
)
from .labels import A, distance_to

RANLEN_RADIUS = 2 / 7  # seed rule: r1 = 2m/7, r2 ~ U(1.2, 1.25) r1 (RANLEN, section 4.1)
RANLEN_BAND = (1.2, 1.25)


@dataclass(frozen=True)
class Drawn:
    """A region map and the parameters that made it."""

    regions: np.ndarray  # (H, W) uint8 labels
    parameters: dict[str, Any]  # JSON-able


@dataclass(frozen=True)
class Whole:
    """Correct everything: the whole picture is A. What global methods are trained on."""

    def draw(self, size: Size, rng: np.random.Generator, guide: Guide) -> Drawn:
        return Drawn(np.full(size, A, np.uint8), {})


@dataclass(frozen=True)
class Circle:
    """A disc of radius r1 = radius * m inside a band out to r2 ~ U(band) * r1."""

    centre: Centre = "random"
    radius: float = RANLEN_RADIUS
    band: tuple[float, float] = RANLEN_BAND

    def __post_init__(self) -> None:
        check_length(radius=self.radius)
        check_band(self.band)

    def draw(self, size: Size, rng: np.random.Generator, guide: Guide) -> Drawn:
        inner = self.radius * min(size)
        x, y = pick_centre(self.centre, size, inner, rng, guide)
        outer = inner * rng.uniform(*self.band)
        distance = exact.hypot(*offsets(size, x, y))
        return Drawn(
            label(distance <= inner, distance <= outer), rounded(x=x, y=y, r1=inner, r2=outer)
        )


@dataclass(frozen=True)
class Oblong:
    """What an ellipse and a rectangle have in common: two half axes, and a random turn."""

    centre: Centre = "random"
    radius: float = RANLEN_RADIUS
    aspect: tuple[float, float] = (0.5, 1.0)
    band: tuple[float, float] = RANLEN_BAND

    def __post_init__(self) -> None:
        check_length(radius=self.radius)
        check_aspect(self.aspect)
        check_band(self.band)


@dataclass(frozen=True)
class Ellipse(Oblong):
    """An ellipse of random turn; the axes are radius * m and that times U(aspect)."""

    def draw(self, size: Size, rng: np.random.Generator, guide: Guide) -> Drawn:
        return _turned(self, size, rng, guide, norm=exact.hypot)


@dataclass(frozen=True)
class Rectangle(Oblong):
    """A rectangle of random turn; half its sides are radius * m and that times U(aspect)."""

    def draw(self, size: Size, rng: np.random.Generator, guide: Guide) -> Drawn:
        return _turned(self, size, rng, guide, norm=lambda x, y: np.maximum(abs(x), abs(y)))


@dataclass(frozen=True)
class Stroke:
    """A hand-drawn brush stroke: a smooth random path, `width` * m wide, fading over the band."""

    width: float = 0.25
    turns: int = 4
    band: tuple[float, float] = (1.3, 1.6)

    def __post_init__(self) -> None:
        check_length(width=self.width)
        check_band(self.band)
        if not 1 <= self.turns <= 100:
            raise ValueError(f"turns: must be 1 to 100, got {self.turns}")

    def draw(self, size: Size, rng: np.random.Generator, guide: Guide) -> Drawn:
        height, width = size
        knots = rng.uniform(0.1, 0.9, (self.turns + 2, 2)) * (width, height)
        path = bezier_chain(knots)
        line = np.zeros(size, np.uint8)
        cv2.polylines(line, [np.rint(path).astype(np.int32)], isClosed=False, color=1)
        distance = distance_to(line)
        inner = self.width * min(size) / 2
        outer = inner * rng.uniform(*self.band)
        return Drawn(
            label(distance <= inner, distance <= outer),
            {"knots": np.round(knots, 2).tolist(), **rounded(r1=inner, r2=outer)},
        )


@dataclass(frozen=True)
class Gradient:
    """A graduated filter: one side of a line of random slope, fading over `fade` * m."""

    fade: float = 0.3
    tilt: float = 30.0  # degrees from the horizontal, at most

    def __post_init__(self) -> None:
        check_length(fade=self.fade)
        if not 0 <= self.tilt <= 180:
            raise ValueError(f"tilt: must be 0 to 180 degrees, got {self.tilt:g}")

    def draw(self, size: Size, rng: np.random.Generator, guide: Guide) -> Drawn:
        height, width = size
        angle = math.radians(rng.uniform(-self.tilt, self.tilt) + 180 * rng.integers(2))
        x, y = width / 2, height * rng.uniform(0.35, 0.65)
        right, down = offsets(size, x, y)
        along = right * -exact.sin(angle) + down * exact.cos(angle)
        half = self.fade * min(size) / 2
        parameters = rounded(x=x, y=y, degrees=math.degrees(angle), half_fade=half)
        return Drawn(label(along <= -half, along <= half), parameters)


@dataclass(frozen=True)
class Segmentation:
    """A is the eroded subject, B what lies between it and the subject, dilated or as it is.

    Erosion can swallow thin parts; these stay in B. Should it swallow the whole subject, the radius
    is halved until some A is left, and the radius used is recorded.
    """

    kernel: Literal["disc", "square"] = "disc"
    erode: float = 0.03
    dilate: float = 0.0

    def __post_init__(self) -> None:
        for name in ("erode", "dilate"):
            if not 0 <= getattr(self, name) <= 0.5:
                raise ValueError(f"{name}: must be 0 to 0.5 of m, got {getattr(self, name):g}")
        if not self.erode + self.dilate:
            raise ValueError("erode: erode and dilate are both 0, which leaves no band B")

    def draw(self, size: Size, rng: np.random.Generator, guide: Guide) -> Drawn:
        subject = _matte(guide) >= 0.5
        radius = self.erode * min(size)
        core = shrink(subject, radius, self.kernel)
        while subject.any() and not core.any():
            radius = radius / 2 if radius > 1 else 0.0
            core = shrink(subject, radius, self.kernel)
        reach = self.dilate * min(size)
        return Drawn(
            label(core, ~shrink(~subject, reach, self.kernel)),
            {"kernel": self.kernel, **rounded(erode=radius, dilate=reach)},
        )


@dataclass(frozen=True)
class Matte:
    """A soft matte in three steps: A where it is at least `opaque`, C where at most `clear`."""

    opaque: float = 0.95
    clear: float = 0.05

    def __post_init__(self) -> None:
        if not 0 <= self.clear < self.opaque <= 1:
            raise ValueError(
                f"clear: needs 0 <= clear < opaque <= 1, got {self.clear:g}, {self.opaque:g}"
            )

    def draw(self, size: Size, rng: np.random.Generator, guide: Guide) -> Drawn:
        matte = _matte(guide)
        parameters = {"opaque": self.opaque, "clear": self.clear}
        return Drawn(label(matte >= self.opaque, matte > self.clear), parameters)


Shape = Whole | Circle | Ellipse | Rectangle | Stroke | Gradient | Segmentation | Matte

SHAPES: dict[str, type[Shape]] = {
    "whole": Whole,
    "circle": Circle,
    "ellipse": Ellipse,
    "rectangle": Rectangle,
    "stroke": Stroke,
    "gradient": Gradient,
    "segmentation": Segmentation,
    "matte": Matte,
}


def _matte(guide: Guide) -> np.ndarray:
    """The subject's matte of a scene that has one."""
    if guide.segmentation is None:
        raise ValueError("the mask follows a segmentation, which the scene does not have")
    return guide.segmentation


def follows_segmentation(shape: Shape) -> bool:
    """Whether this kind can only be drawn for a scene that has a segmentation."""
    return isinstance(shape, Segmentation | Matte)


def _turned(
    shape: Oblong, size: Size, rng: np.random.Generator, guide: Guide, *, norm: Any
) -> Drawn:
    """A stretched and turned unit ball of `norm`."""
    long = shape.radius * min(size)
    short = long * rng.uniform(*shape.aspect)
    x, y = pick_centre(shape.centre, size, long, rng, guide)
    angle = rng.uniform(0, math.pi)
    outer = rng.uniform(*shape.band)
    right, down = offsets(size, x, y)
    along = right * exact.cos(angle) + down * exact.sin(angle)
    across = down * exact.cos(angle) - right * exact.sin(angle)
    distance = norm(along / long, across / short)
    parameters = rounded(x=x, y=y, long=long, short=short, degrees=math.degrees(angle), band=outer)
    return Drawn(label(distance <= 1, distance <= outer), parameters)
