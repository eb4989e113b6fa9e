"""What a training learns from and is judged on: a data set on disk, or a stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import torch
from torch.utils.data import Dataset

from datagen.dataset.read import DataSet, load_pair
from datagen.recipe.load import Recipe
from datagen.recipe.settings import Range
from datagen.references import DEFAULT
from datagen.streaming.draws import Draw, draw
from datagen.streaming.stream import Stream, stream
from luts.tool.files import sha256

from ..methods.models import model_row
from .batches import PLANES, Batch, Batches, check_shares, to_batch
from .kept import KeptPairs, Pairs
from .settings import Training, TrainingError
from .stages import Moment, moment

VALIDATION_EVS = 5  # out of a range
VALIDATION_SEED = 1
VALIDATION_BATCH = 10
SEEDS_APART = 6007  # kept pairs, prime
LEAST = (16, 16)  # until a stage says how large


class Material(Protocol):
    """`identity` tells materials apart; `facts` go into the record."""

    identity: str

    def batches(self, settings: Training, *, rank: int, world: int) -> Dataset: ...
    def validation(self, settings: Training) -> Iterator[tuple[Batch, list[dict[str, Any]]]]: ...
    def facts(self) -> dict[str, Any]: ...


class Stored:
    """The train and val splits of a built data set."""

    def __init__(self, dataset: DataSet) -> None:
        self.dataset, self.identity = dataset, dataset.hash

    def batches(self, settings: Training, *, rank: int = 0, world: int = 1) -> Batches:
        return Batches(self.dataset, settings, rank=rank, world=world)

    def validation(self, settings: Training) -> Iterator[tuple[Batch, list[dict[str, Any]]]]:
        """Whole pictures, one by one, each with its EV and whether it is distorted."""
        from .validate import validation_rows

        for row in validation_rows(self.dataset, settings):
            about = {"ev": row.ev, "distorted": row.distortion is not None}
            yield to_batch(load_pair(self.dataset, row), "cpu"), [about]

    def facts(self) -> dict[str, Any]:
        rows = self.dataset.select(split="train")
        return {
            "name": self.dataset.name,
            "hash": self.dataset.hash,
            "split": "train",
            "groups": sorted({row.group for row in rows}),
            "licences": sorted({row.licence for row in rows}),
        }


class Streamed:
    """The train and val scenes of a recipe, streamed; recipe and scenes are its identity.

    keep : pairs that are made once, kept in the folder `kept` and repeated; 0 makes all anew
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        cache: Path | None = None,
        device: str = "cpu",
        keep: int = 0,
        kept: Path | None = None,
    ) -> None:
        if keep and (kept is None or recipe.output.bits != 8):
            raise TrainingError(
                f"pairs are kept in a folder, in 8 bits: got {kept}, {recipe.output.bits} bits"
            )
        # One reference is trained towards; making the others would cost as much again.
        references = (recipe.source.references or (DEFAULT,))[:1]
        source = replace(recipe.source, references=references)
        self.recipe, self.cache, self.device = replace(recipe, source=source), cache, device
        self.train, self.val = (self._open(self.recipe, split) for split in ("train", "val"))
        names = [source.name for one in (self.train, self.val) for source in one.sources]
        settings = (self.recipe.resolved(), self.recipe.stream, names, *[keep][: bool(keep)])
        self.keep, self.kept = keep, kept if keep else None
        self.identity = sha256(repr(settings).encode())
        self._kept: dict[tuple, list[tuple[Batch, list[dict[str, Any]]]]] = {}

    def batches(self, settings: Training, *, rank: int = 0, world: int = 1) -> Dataset:
        check_shares(settings, world)
        if any(stage.crop for stage in settings.parts):
            sides = {(stage.crop, stage.crop) if stage.crop else 0 for stage in settings.parts}
            if 0 in sides:
                raise TrainingError("stages have either crops or whole pictures, not both")
        local = model_row(settings.model).region_aware
        if self.kept is None:
            samples = self._for(settings, "train", masks=local).samples
            return _Streaming(samples, settings, rank, world)
        # Local and global rows share what is kept, for regions change nothing else of a pair; so do
        # all seeds, which begin elsewhere in it.
        samples = self._for(replace(settings, seed=0), "train", masks=True).samples
        first = settings.seed * SEEDS_APART
        kept = KeptPairs(samples, self.kept, f"{self.identity} seed 0", self.keep, first)
        return _Streaming(kept.batch, settings, rank, world, everywhere=not local)

    def validation(self, settings: Training) -> Iterator[tuple[Batch, list[dict[str, Any]]]]:
        """Views of the val scenes at the size of the last stage, each exposure as often as another.

        The n-th is of scene n, at exposure n, with and without a distortion in turn, so that
        scenes x exposures x 2 pictures hold everything once.
        """
        last = settings.parts[-1]
        size = last.size or (last.crop, last.crop)
        key = (size, settings.validate_images, model_row(settings.model).region_aware)
        if key not in self._kept:
            val = self._for(settings, "val", masks=model_row(settings.model).region_aware)
            draws = [self._judged(val, n) for n in range(settings.validate_images)]
            groups = [
                draws[i : i + VALIDATION_BATCH] for i in range(0, len(draws), VALIDATION_BATCH)
            ]
            self._kept[key] = [
                (
                    {name: made[name] for name in PLANES},
                    [{"ev": one.ev, "distorted": one.block >= 0} for one in group],
                )
                for group in groups
                if (made := val.make(group, size))
            ]
        yield from self._kept[key]

    def facts(self) -> dict[str, Any]:
        return {
            "name": f"stream {self.recipe.name}" + f", first {self.keep} pairs" * bool(self.keep),
            "hash": self.identity,
            "split": "train",
            "groups": sorted({source.group for source in self.train.sources}),
            "licences": sorted({source.licence for source in self.train.sources} - {""}),
        }

    def _open(self, recipe: Recipe, split: str) -> Stream:
        seed = VALIDATION_SEED if split == "val" else 0
        return stream(
            recipe, seed=seed, split=split, device=self.device, cache=self.cache, size=LEAST
        )

    def _for(self, settings: Training, split: str, *, masks: bool) -> Stream:
        """The stream of a split as a model needs it: global ones are given no region maps."""
        base = self.train if split == "train" else self.val
        recipe = self.recipe if masks else replace(self.recipe, mask=())
        if split == "val":  # every picture another view
            recipe = replace(recipe, stream=replace(recipe.stream, shots=1))
        made = Stream(
            recipe,
            base.sources,
            seed=settings.seed if split == "train" else VALIDATION_SEED,
            size=base.size,
            batch=1,
            split=split,
            device=self.device,
        )
        made.pools = base.pools
        return made

    def _judged(self, val: Stream, number: int) -> Draw:
        one = draw(val.recipe, val.seed, "val", number, len(val.sources))
        evs = self.recipe.render.evs
        if isinstance(evs, Range):
            step = (evs.to - evs.from_) / (VALIDATION_EVS - 1)
            evs = tuple(evs.from_ + step * k for k in range(VALIDATION_EVS))
        distorted = bool(self.recipe.distort) and number % 2 == 1
        block, entry = one.block, one.entry
        if not distorted:
            block, entry = -1, -1
        elif block < 0:
            block = number // 2 % len(self.recipe.distort)
            entry = number % self.recipe.distort[block].pool
        return replace(
            one,
            source=number % len(val.sources),
            ev=evs[number // 2 % len(evs)],
            block=block,
            entry=entry,
        )


class _Streaming(Dataset):
    """Batch of a moment: a pure function of (recipe, seed, positions).

    pairs : makes those at given positions and (height, width); everywhere : all of them are A
    """

    def __init__(
        self,
        pairs: Pairs,
        settings: Training,
        rank: int,
        world: int,
        *,
        everywhere: bool = False,
    ) -> None:
        self.pairs, self.settings, self.rank, self.world = pairs, settings, rank, world
        self.everywhere = everywhere

    def __len__(self) -> int:
        return self.settings.steps

    def __getitem__(self, step: int | Moment) -> Batch:
        now = moment(self.settings, step) if isinstance(step, int) else step
        mine = range(now.seen + self.rank, now.seen + now.batch, self.world)
        made = self.pairs(mine, now.size or (now.crop, now.crop))
        batch: Batch = {name: made[name] for name in PLANES}
        if self.everywhere:
            batch["regions"] = torch.ones_like(batch["regions"])
        return batch
