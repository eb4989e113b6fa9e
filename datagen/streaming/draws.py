"""What is random about a sample of a stream: drawn by its position alone."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from luts.tool.seeding import sample_rng

from ..camera.sensors import SENSORS
from ..recipe.load import Recipe
from ..recipe.settings import Range


@dataclass(frozen=True)
class Draw:
    """Everything that decides one sample besides its light.

    view, source : number of the view, which some samples share, and of its scene
    yaw, pitch, roll, fov : degrees; of a panorama
    x, y, zoom : place of the crop's middle among all that fit, and its share of the largest
    ev : stops from the metered exposure; `bracket`: of the shot itself, else of the development
    metering_error : stops; balance_error : stops of red and of blue
    block, entry : of the distortion, its [[distort]] block and pool entry; -1 for none
    """

    position: int
    view: int
    source: int
    yaw: float
    pitch: float
    roll: float
    fov: float
    x: float
    y: float
    zoom: float
    mirrored: bool
    camera: str
    metering_error: float
    balance_error: tuple[float, float]
    ev: float
    bracket: bool
    sites: float
    block: int
    entry: int

    def record(self) -> dict[str, Any]:
        """The draw as plain values, as JSON and torch's loader keep them."""
        return asdict(self) | {"balance_error": list(self.balance_error)}


def draw(recipe: Recipe, seed: int, split: str, position: int, sources: int) -> Draw:
    """Draw sample number `position` of a split, out of `sources` scenes."""
    how, view = recipe.stream, position // recipe.stream.shots
    rng = sample_rng(seed, f"stream/{split}/view{view}")
    cameras = how.cameras or tuple(sorted(SENSORS))
    framing: dict[str, Any] = {
        "source": int(rng.integers(sources)),
        "yaw": float(rng.uniform(-180, 180)),
        "pitch": float(np.clip(rng.normal(*how.pitch), -90, 90)),
        "roll": float(rng.normal(0, how.roll_sd)),
        "fov": float(rng.uniform(*how.fov)),
        "x": float(rng.random()),
        "y": float(rng.random()),
        "zoom": float(rng.uniform(*how.zoom)),
        "mirrored": bool(rng.random() < 0.5) and how.mirror,
        "camera": cameras[int(rng.integers(len(cameras)))],
    }
    rng = sample_rng(seed, f"stream/{split}/{position}")
    ev = draw_ev(recipe, rng)
    block, entry = draw_distortion(recipe, ev, rng)
    return Draw(
        position=position,
        view=view,
        **framing,
        metering_error=how.metering_sd * float(rng.standard_normal()),
        balance_error=(
            how.white_balance_sd * float(rng.standard_normal()),
            how.white_balance_sd * float(rng.standard_normal()),
        ),
        ev=ev,
        bracket=bool(rng.random() < how.brackets),
        sites=float(np.exp(rng.uniform(*np.log(how.sites)))),
        block=block,
        entry=entry,
    )


def draw_ev(recipe: Recipe, rng: np.random.Generator) -> float:
    """An exposure of the recipe: out of its range, or one of its list."""
    evs = recipe.render.evs
    if isinstance(evs, Range):
        return evs.draw(rng)
    return evs[int(rng.integers(len(evs)))]


def draw_distortion(recipe: Recipe, ev: float, rng: np.random.Generator) -> tuple[int, int]:
    """Block and entry as often as a build has them at that EV; (-1, -1) is undistorted."""
    choices = [-1] * recipe.render.undistorted
    for block, distort in enumerate(recipe.distort):
        if not distort.evs or ev in distort.evs:
            choices += [block] * distort.count
    block = choices[int(rng.integers(len(choices)))] if choices else -1
    return (block, int(rng.integers(recipe.distort[block].pool))) if block >= 0 else (-1, -1)
