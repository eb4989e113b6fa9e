"""What a recipe would make, before it makes it: counts, splits, disk and time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..recipe.load import Recipe, load_recipe
from ..sources import read_source, source_folder
from ..sources.scene import RAWS
from . import lut_checks, plan
from .plan import Job

# Measured on the demo recipe with one core of a 2 GHz server processor; a guide, not a promise.
SECONDS_PER_RAW_MB = 0.08
SECONDS_PER_SCENE = 0.05
SECONDS_PER_MEGAPIXEL = 0.25
SECONDS_PER_LUT = 0.35
USUAL_SHAPE = 2 / 3  # short over long side
BYTES_PER_PIXEL = {8: 1.6, 16: 4.8}  # of a photograph as PNG
BYTES_PER_LUT_NODE = 27


@dataclass
class Estimate:
    """The size of a plan. Bytes and seconds are None when the pictures' size is not known."""

    scenes: Counter[str] = field(default_factory=Counter)  # by split
    samples: Counter[str] = field(default_factory=Counter)
    groups: int = 0
    luts: int = 0
    bytes: float | None = None
    worker_seconds: float | None = None


def plan_recipe(recipe: Recipe | Path | str) -> Estimate:
    """What a recipe, or the one of that name or path, would make; opens no picture.

    Raises RecipeError when it cannot be planned.
    """
    if not isinstance(recipe, Recipe):
        recipe = load_recipe(recipe)
    lut_checks.check_names(recipe)
    jobs, _ = plan.jobs(recipe, read_source(recipe.source))
    return estimate(recipe, jobs, source_folder(recipe.source))


def estimate(recipe: Recipe, jobs: Sequence[Job], folder: Path) -> Estimate:
    """Add up a plan. Looks at file sizes and opens nothing."""
    found = Estimate(groups=len({job.scene.group for job in jobs}))
    for job in jobs:
        found.scenes[job.split] += 1
        found.samples[job.split] += plan.samples_per_scene(recipe, job.scene)
    splits = len(found.scenes)
    found.luts = sum(min(block.pool * splits, found.samples.total()) for block in recipe.distort)
    long_edge = recipe.render.longest(ready=any(job.scene.ready for job in jobs))
    if long_edge:
        _add_costs(found, recipe, jobs, folder, long_edge)
    return found


def _add_costs(
    found: Estimate, recipe: Recipe, jobs: Sequence[Job], folder: Path, long_edge: int
) -> None:
    pixels = long_edge**2 * USUAL_SHAPE
    pictures = found.samples.total() + len(recipe.source.references) * len(jobs)
    lut_bytes = sum(block.lut_size**3 for block in recipe.distort) / max(len(recipe.distort), 1)
    found.bytes = (
        pictures * pixels * BYTES_PER_PIXEL[recipe.output.bits]
        + found.luts * lut_bytes * BYTES_PER_LUT_NODE
    )
    raw_bytes = sum(
        (folder / file).stat().st_size
        for job in jobs
        for file in job.scene.files
        if Path(file).suffix.lower() in RAWS
    )
    found.worker_seconds = (
        len(jobs) * SECONDS_PER_SCENE
        + raw_bytes / 1e6 * SECONDS_PER_RAW_MB
        + pictures * pixels / 1e6 * SECONDS_PER_MEGAPIXEL
        + found.luts * SECONDS_PER_LUT
    )
