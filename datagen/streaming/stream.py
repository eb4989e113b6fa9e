"""Batches of a recipe, made anew for every step: a pure function of (recipe, seed, step)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from luts.tool.errors import UserError
from luts.tool.seeding import sample_rng
from luts.tool.words import shown
from luts.torch.transfer import encode_srgb

from ..build.division import divide
from ..build.samples import draw_regions
from ..camera.bright_region import bright_region
from ..images.hdr import read_scene
from ..recipe.load import Recipe, load_recipe
from ..recipe.settings import SPLITS
from ..references import wanted_of
from ..regions.geometry import Guide
from ..regions.labels import A, C, alpha
from ..regions.shapes import follows_segmentation
from ..sources import read_source, source_folder
from .camera import Shot, photograph, set_up
from .distort import Pools, apply
from .draws import Draw, draw
from .light import quantised
from .light_source import LightSource, normalised
from .references import REFERENCES
from .views import Direction, view

Batch = dict[str, Any]
LEAST_SIDE = 16


class StreamError(UserError):
    """A stream that cannot be made; the message says what is wrong and what to do."""


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
    ) -> None:
        if batch < 1 or first < 0 or seed < 0:
            raise StreamError(
                f"batch is 1 or more, first and seed 0 or more, got {batch}, {first}, {seed}"
            )
        if min(size) < LEAST_SIDE:
            raise StreamError(f"size: at least {LEAST_SIDE} pixels a side, got {size}")
        self.recipe, self.sources, self.seed, self.split = recipe, list(sources), seed, split
        self.size, self.count, self.first = tuple(size), batch, first
        self.device = torch.device(device)
        self.pools = Pools(recipe, split)

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
        ev : (N,) stops
        drawn : N records
        """
        bits = self.recipe.output.bits
        views = {one.view: one for one in draws}
        which = [list(views).index(one.view) for one in draws]
        scenes = torch.stack([self._view(one, size) for one in views.values()])
        setup = set_up(scenes, [one.camera for one in views.values()])
        true = setup.true_light()
        references = {
            name: quantised(REFERENCES[name](true), bits)[which]
            for name in self.recipe.source.references
        }
        noise = self._noise(draws, size)
        linear = photograph(setup.take(which), self._shot(draws), noise)
        degraded = encode_srgb(linear.clamp(0, 1))
        records = [one.record() for one in draws]
        for number, one in enumerate(draws):
            if one.block >= 0:
                member = self.pools.member(one.block, one.entry)
                degraded[number] = apply(member, degraded[number])
                records[number]["distortion"] = member.record
        labels = [self._labels(one, scenes[n]) for one, n in zip(draws, which, strict=True)]
        regions = np.stack([[label == A, label != C] for label in labels]).astype(np.float32)
        return {
            "degraded": quantised(degraded, bits),
            "reference": next(iter(references.values())),
            "references": references,
            "regions": torch.from_numpy(regions).to(self.device),
            "alpha": torch.from_numpy(np.stack([alpha(x)[None] for x in labels])).to(self.device),
            "ev": torch.tensor([one.ev for one in draws], device=self.device),
            "drawn": records,
        }

    def _view(self, one: Draw, size: tuple[int, int]) -> Tensor:
        where = Direction(one.yaw, one.pitch, one.roll, one.fov)
        picture = view(self.sources[one.source].levels(self.device), where, size)
        return picture.flip(2) if one.mirrored else picture

    def _shot(self, draws: Sequence[Draw]) -> Shot:
        def column(values: list[Any]) -> Tensor:
            return torch.tensor(values, dtype=torch.float32, device=self.device)

        return Shot(
            metering_error=column([one.metering_error for one in draws]),
            balance_error=column([one.balance_error for one in draws]),
            bracket_ev=column([one.ev * one.bracket for one in draws]),
            ev=column([one.ev * (not one.bracket) for one in draws]),
            sites=column([one.sites for one in draws]),
        )

    def _noise(self, draws: Sequence[Draw], size: tuple[int, int]) -> Tensor | None:
        if not self.recipe.stream.noise:
            return None
        shape = (2, 3, *size)
        planes = [
            sample_rng(self.seed, f"stream/{self.split}/{one.position}/noise").standard_normal(
                shape, np.float32
            )
            for one in draws
        ]
        return torch.from_numpy(np.stack(planes, 1)).to(self.device)

    def _labels(self, one: Draw, scene: Tensor) -> np.ndarray:
        """The region map, (H, W) labels, by the sample's position alone."""
        guide = Guide()
        if any(follows_segmentation(block.shape) for block in self.recipe.mask):
            bright = bright_region(scene.permute(1, 2, 0).cpu().numpy())
            guide = Guide(None if bright is None else bright.astype(np.float32) / 255)
        recipe = replace(self.recipe, seed=self.seed)
        name = f"stream/{self.split}/{one.position}"
        return draw_regions(recipe, name, tuple(scene.shape[1:]), guide)[1].regions


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
    names = wanted_of(recipe.source.references, ())
    if unknown := [name for name in names if name not in REFERENCES]:
        raise StreamError(
            f"[source] references: a stream of panoramas makes {', '.join(REFERENCES)},"
            f" not {shown(unknown[0])}"
        )
    recipe = replace(recipe, source=replace(recipe.source, references=tuple(names)))
    sources = open_sources(recipe, split)
    return Stream(
        recipe, sources, seed=seed, size=size, batch=batch, split=split, device=device, first=first
    )


def open_sources(recipe: Recipe, split: str) -> list[LightSource]:
    """The scenes of one split of a recipe's source; opened when first wanted."""
    folder = source_folder(recipe.source)
    scenes = read_source(recipe.source)
    splits = divide(recipe.split, scenes, seed=recipe.seed).splits
    sources = [
        LightSource(
            scene.name,
            scene.group,
            scene.licence,
            load=lambda path=folder / scene.path: normalised(read_scene(path)),
        )
        for scene, own in zip(scenes, splits, strict=True)
        if own == split
    ]
    if not sources:
        raise StreamError(f"{recipe.name}: no scene in split {split!r}")
    return sources
