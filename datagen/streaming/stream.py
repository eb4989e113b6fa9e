"""Batches of a recipe, made anew for every step: a pure function of (recipe, seed, step)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import IterableDataset, get_worker_info

from luts.tool.words import shown

from ..build.opened import OpenSceneError
from ..build.samples import draw_regions
from ..recipe.load import Recipe, load_recipe
from ..recipe.settings import SPLITS
from ..references import wanted_of
from ..regions.geometry import Guide
from ..regions.labels import A, C, alpha
from ..regions.shapes import follows_segmentation
from . import panoramas, pictures
from .distort import Pools, apply
from .draws import Draw, draw
from .light import quantised
from .light_source import LightSource
from .opening import PANORAMAS, open_sources
from .references import REFERENCES
from .taken import StreamError

Batch = dict[str, Any]
LEAST_SIDE = 16


class Stream(IterableDataset):
    """Endless batches of a recipe. Make one with `datagen.stream`.

    As a torch data set it gives batch 0, 1, ... from `first` on; workers take turns, so that the
    loader gives the same batches in the same order with any number of them.
    """

    def __init__(
        self,
        recipe: Recipe,
        sources: Sequence[LightSource],
        *,
        seed: int,
        size: tuple[int, int],
        batch: int,
        split: str = "train",
        device: str = "cpu",
        first: int = 0,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        if batch < 1 or first < 0 or seed < 0:
            raise StreamError(
                f"batch is 1 or more, first and seed 0 or more, got {batch}, {first}, {seed}"
            )
        if min(size) < LEAST_SIDE:
            raise StreamError(f"size: at least {LEAST_SIDE} pixels a side, got {size}")
        self.recipe, self.sources, self.seed, self.split = recipe, list(sources), seed, split
        self.size, self.count, self.first = (size[0], size[1]), batch, first
        self.device = _device(device)
        self.pools = Pools(recipe, split, members)
        lens = panoramas if recipe.source.kind == PANORAMAS else pictures
        self._take = lens.take
        lens.check_recipe(recipe)
        lens.check_size(recipe, self.sources[0], self.size)

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        step, stride = (
            (self.first, 1) if worker is None else (self.first + worker.id, worker.num_workers)
        )
        while True:
            yield self.batch(step)
            step += stride

    def batch(self, step: int) -> Batch:
        """Batch number `step`."""
        return self.samples(range(step * self.count, (step + 1) * self.count))

    def samples(self, positions: Sequence[int], size: tuple[int, int] | None = None) -> Batch:
        """The samples at given positions of the endless sequence, as one batch."""
        draws = [
            draw(self.recipe, self.seed, self.split, position, len(self.sources))
            for position in positions
        ]
        return self.make(draws, size or self.size)

    @torch.no_grad()
    def make(self, draws: Sequence[Draw], size: tuple[int, int]) -> Batch:
        """The samples of given draws, as one batch.

        Returns
        -------
        degraded, reference : (N, 3, H, W) float32, encoded, of 8-bit or 16-bit codes
        references : every reference of the recipe by name, the first of them is `reference`
        regions : (N, 2, H, W) float32, channel 0 = A, channel 1 = A or B
        alpha : (N, 1, H, W) float32, weight of the correction
        ev : (N,) stops, NaN where a ready picture's is not known
        drawn : N records
        """
        taken = self._take(
            self.recipe,
            self.sources,
            draws,
            size,
            key=f"stream/{self.split}",
            seed=self.seed,
            device=self.device,
            want_mattes=any(follows_segmentation(block.shape) for block in self.recipe.mask),
        )
        degraded, records = taken.encoded, [one.record() for one in draws]
        for number, one in enumerate(draws):
            records[number] |= {"scene": self.sources[one.source].name, "ev": taken.evs[number]}
            if one.block >= 0:
                member = self.pools.member(one.block, one.entry)
                degraded[number] = apply(member, degraded[number])
                records[number]["distortion"] = member.record
        labels = [
            self._labels(one, matte, size) for one, matte in zip(draws, taken.mattes, strict=True)
        ]
        regions = np.stack([[label == A, label != C] for label in labels]).astype(np.float32)
        return {
            "degraded": quantised(degraded, self.recipe.output.bits),
            "reference": next(iter(taken.references.values())),
            "references": taken.references,
            "regions": torch.from_numpy(regions).to(self.device),
            "alpha": torch.from_numpy(np.stack([alpha(x)[None] for x in labels])).to(self.device),
            "ev": torch.tensor(taken.evs, dtype=torch.float32, device=self.device),
            "drawn": records,
        }

    def _labels(self, one: Draw, matte: np.ndarray | None, size: tuple[int, int]) -> np.ndarray:
        """The region map, (H, W) labels, by the sample's position alone."""
        recipe = replace(self.recipe, seed=self.seed)
        try:
            drawn = draw_regions(recipe, f"stream/{self.split}/{one.position}", size, Guide(matte))
        except OpenSceneError as error:
            raise StreamError(f"{self.sources[one.source].name}: {error}") from None
        return drawn[1].regions


def stream(
    recipe: str | Path | Recipe,
    *,
    seed: int = 0,
    size: tuple[int, int] = (128, 192),
    batch: int = 8,
    split: str = "train",
    device: str = "cpu",
    first: int = 0,
    cache: str | Path | None = None,
) -> Stream:
    """Make endless batches of a recipe; see `Stream.make` for what they hold.

    Parameters
    ----------
    recipe : a shipped recipe's name, a .toml file, or a Recipe
    seed : of everything that is drawn, the pools of distortions excepted: those are the recipe's
    size : (height, width) of the pictures
    split : train, val or test: each has its own scenes and its own pools of distortions
    device : where the tensors are made
    first : step to begin with
    cache : file of `datagen stream --cache`, instead of the recipe's source

    Raises
    ------
    StreamError, RecipeError : what is wrong, in one line
    """
    recipe = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    if split not in SPLITS:
        raise StreamError(f"split is one of {', '.join(SPLITS)}, got {split!r}")
    if recipe.source.kind == PANORAMAS:
        recipe = _with_references(recipe)
    sources, members = open_sources(recipe, split, None if cache is None else Path(cache))
    return Stream(
        recipe,
        sources,
        seed=seed,
        size=size,
        batch=batch,
        split=split,
        device=device,
        first=first,
        members=members,
    )


def _device(name: str) -> torch.device:
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).partition("\n")[0]
        raise StreamError(f"device {name!r} cannot be used: {reason}") from None
    return torch.device(name)


def _with_references(recipe: Recipe) -> Recipe:
    """The recipe with the references that it means; all of them can be made of light alone."""
    names = wanted_of(recipe.source.references, ())
    if unknown := [name for name in names if name not in REFERENCES]:
        raise StreamError(
            f"[source] references: a stream of panoramas makes {', '.join(REFERENCES)},"
            f" not {shown(unknown[0])}"
        )
    return replace(recipe, source=replace(recipe.source, references=tuple(names)))
