"""A recipe and its scenes become jobs and samples: pure and ordered.

A job is one scene, since all its EVs come from one demosaic. Its samples are listed by `samples`;
what is random about them is drawn where they are rendered, from generators seeded by their ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from luts.tool.seeding import sample_rng

from ..recipe.load import Recipe, RecipeError
from ..regions.shapes import follows_segmentation
from ..sources.scene import Scene
from .division import divide


@dataclass(frozen=True, slots=True)
class Job:
    """One scene to render, with the split it was given."""

    scene: Scene
    split: str


@dataclass(frozen=True)
class Planned:
    """One input of a scene: an EV, and which draw of which [[distort]] block lies on top."""

    id: str
    ev: float | None  # None: a ready picture whose exposure is not known
    block: int | None = None  # index into recipe.distort; None is undistorted
    draw: int = 0
    mask: int | None = None  # number of the scene's mask, where each has its own samples


def jobs(recipe: Recipe, scenes: Sequence[Scene]) -> tuple[list[Job], tuple[str, ...]]:
    """Give every scene its split; returns the jobs, and what about them may surprise: a line each.

    Raises RecipeError when the split cannot be made, or a [[distort]] block waits for an EV that no
    input has.
    """
    _refuse_unused_evs(recipe, scenes)
    made = divide(recipe.split, scenes, seed=recipe.seed)
    found = [Job(scene, split) for scene, split in zip(scenes, made.splits, strict=True) if split]
    return found, made.notes


def samples(recipe: Recipe, scene: Scene) -> Iterator[Planned]:
    """The samples of a scene in their fixed order; the id is unique in the data set."""
    for ev in _evs(recipe, scene):
        name = f"{scene.name}/input" if ev is None else f"{scene.name}/ev{ev:+g}"
        for mask in _masks(recipe, scene):
            stem = name if mask is None else f"{name}_mask{mask + 1}"
            if recipe.render.undistorted:
                yield Planned(stem, ev, mask=mask)
            number = 0
            for block, distort in enumerate(recipe.distort):
                if distort.evs and ev not in distort.evs:
                    continue
                for draw in range(distort.count):
                    number += 1
                    yield Planned(f"{stem}_lut{number}", ev, block, draw, mask)


def samples_per_scene(recipe: Recipe, scene: Scene) -> int:
    """How many samples `samples` lists, without naming them."""
    evs = _evs(recipe, scene)
    distorted = (
        distort.count * sum(not distort.evs or ev in distort.evs for ev in evs)
        for distort in recipe.distort
    )
    return len(_masks(recipe, scene)) * (len(evs) * recipe.render.undistorted + sum(distorted))


def _masks(recipe: Recipe, scene: Scene) -> Sequence[int | None]:
    """Numbers of the masks that have samples of their own; [None] for one map, whatever it is."""
    each = recipe.source.masks == "each" and len(scene.masks) > 1
    wanted = each and any(follows_segmentation(block.shape) for block in recipe.mask)
    return range(len(scene.masks)) if wanted else [None]


def _evs(recipe: Recipe, scene: Scene) -> Sequence[float | None]:
    """The exposures of a scene's inputs: its own where they are ready, else the recipe's."""
    if scene.inputs:
        return [ev for ev, _ in scene.inputs]
    evs = recipe.render.evs
    return (
        evs
        if isinstance(evs, tuple)
        else evs.draw_all(sample_rng(recipe.seed, f"{scene.name}/evs"))
    )


def _refuse_unused_evs(recipe: Recipe, scenes: Sequence[Scene]) -> None:
    known = {ev for scene in scenes for ev in _evs(recipe, scene) if ev is not None}
    for number, block in enumerate(recipe.distort, start=1):
        for ev in block.evs:
            if ev not in known:
                raise RecipeError(
                    f"{recipe.path}: [[distort]] {number} evs: no input has {ev:+g} EV; "
                    f"known: {', '.join(f'{ev:+g}' for ev in sorted(known)) or 'none'}"
                )
