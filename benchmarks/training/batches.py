"""Training batches: a pure function of (seed, step), so that a resumed run sees the same pixels."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from datagen.dataset.read import DataSet, Pair, load_pair, one_reference
from datagen.regions.labels import A
from luts.tool.seeding import sample_rng

from .pairs import to_tensors
from .patches import TRIES, is_informative
from .settings import Training, TrainingError
from .stages import Moment, moment

Batch = dict[str, Tensor]
PLANES: tuple[Literal["degraded", "reference", "regions"], ...] = (
    "degraded",
    "reference",
    "regions",
)
TRIES_FOR_A = 8  # a crop without anything to correct teaches little


class Batches(Dataset):
    """Batch number `step` of a run: aligned random crops with flips, from the train split.

    Each is {"degraded", "reference": (n, 3, crop, crop) encoded, "regions": (n, 2, crop, crop)}, n
    the images of this process (`rank` of `world`). All images are seen once before any again.

    Raises TrainingError when the data set cannot fill a batch.
    """

    def __init__(
        self, dataset: DataSet, settings: Training, *, rank: int = 0, world: int = 1
    ) -> None:
        self.dataset, self.settings, self.rank, self.world = dataset, settings, rank, world
        rows = dataset.select(split="train")
        if not rows:
            raise TrainingError(f"{dataset.folder}: no sample in split 'train'")
        self.reference, self.rows = one_reference(rows)
        check_shares(settings, world)
        if any(stage.size for stage in settings.parts):
            raise TrainingError("size: whole pictures come from --stream; stored pairs take crop")
        crop = max(stage.crop for stage in settings.parts)
        small = [row.id for row in self.rows if min(row.size) < crop]
        if small:
            raise TrainingError(
                f"{dataset.folder}: {len(small)} images are smaller than the crop of"
                f" {crop} pixels, first {small[0]}; use a smaller crop"
            )

    def __len__(self) -> int:
        return self.settings.steps

    def __getitem__(self, step: int | Moment) -> Batch:
        now = moment(self.settings, step) if isinstance(step, int) else step
        mine = range(now.seen + self.rank, now.seen + now.batch, self.world)
        crops = [to_tensors(self._crop(position, now.crop)) for position in mine]
        return {name: torch.stack([crop[name] for crop in crops]) for name in PLANES}

    def _crop(self, position: int, side: int) -> Pair:
        """The crop at one position in the endless sequence of training images."""
        epoch, index = divmod(position, len(self.rows))
        order = sample_rng(self.settings.seed, f"epoch/{epoch}").permutation(len(self.rows))
        pair = load_pair(self.dataset, self.rows[order[index]], self.reference)
        rng = sample_rng(self.settings.seed, f"crop/{position}")
        window = self._window(pair, side, rng)
        flips = tuple(axis for axis in (0, 1) if rng.random() < 0.5)
        planes = (np.flip(getattr(pair, name)[window], flips) for name in PLANES)
        return Pair(pair.id, *planes)

    def _window(self, pair: Pair, side: int, rng: np.random.Generator) -> tuple[slice, slice]:
        """A random square; drawn again while it holds nothing to correct, or to learn from."""
        for _ in range(TRIES if self.settings.reject else TRIES_FOR_A):
            top, left = (rng.integers(0, length - side + 1) for length in pair.regions.shape)
            window = (slice(top, top + side), slice(left, left + side))
            rejected = self.settings.reject and not is_informative(pair.reference[window])
            if (pair.regions[window] == A).any() and not rejected:
                break
        return window


def check_shares(settings: Training, world: int) -> None:
    """Refuse batches that processes cannot share evenly."""
    for stage in settings.parts:
        if stage.batch % world:
            raise TrainingError(f"batch {stage.batch} does not divide over {world} processes")


def to_batch(pair: Pair, device: str) -> Batch:
    """A whole pair as a batch of one."""
    item = to_tensors(pair)
    return {name: item[name][None].to(device) for name in PLANES}
