"""A built data set as torch tensors, for training loops of your own: `benchmarks.Pairs`.

One sample per item, whole or cropped. `benchmarks train` makes its resumable batches of the same
tensors (`batches.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from datagen.dataset.read import Pair, load_pair, one_reference, open_dataset
from datagen.regions.labels import A, C
from luts.tool.seeding import sample_rng


class Item(TypedDict):
    """One sample: degraded and reference (3, H, W) encoded in [0, 1], regions (2, H, W) 0 or 1."""

    id: str
    degraded: Tensor
    reference: Tensor
    regions: Tensor  # channel 0 = A, channel 1 = A or B


def to_tensors(pair: Pair) -> Item:
    """Channels first; the label image as the two channels of local enhancement networks."""
    regions = np.stack([pair.regions == A, pair.regions != C])
    return {
        "id": pair.id,
        "degraded": _tensor(pair.degraded.transpose(2, 0, 1)),
        "reference": _tensor(pair.reference.transpose(2, 0, 1)),
        "regions": _tensor(regions),
    }


class Pairs(Dataset):
    """The samples of one split.

    Parameters
    ----------
    folder : of a built data set, 8 or 16 bit
    split : train, val or test
    reference : its name; None is the leading one of the set. Samples without it are left out and
        counted in `left_out`; see `datagen.dataset.read.one_reference`
    crop : side in pixels of a random square, the same for input, reference and regions, flipped at
        random; None gives the whole picture
    seed : of the crops. A crop depends on (seed, epoch, sample) alone, never on the worker that
        makes it; call `set_epoch` before every epoch

    Raises
    ------
    ValueError
        The split is empty, no sample has the reference, or a picture is smaller than the crop.
    """

    def __init__(
        self,
        folder: Path,
        split: str,
        *,
        reference: str | None = None,
        crop: int | None = None,
        seed: int = 0,
    ) -> None:
        self.dataset = open_dataset(folder)
        rows = self.dataset.select(split=split)
        if not rows:
            raise ValueError(f"{folder}: no sample in split {split!r}")
        self.reference, self.rows = one_reference(rows, reference)
        self.left_out = len(rows) - len(self.rows)
        self.crop, self.seed, self.epoch = crop, seed, 0
        smallest = min(min(row.size) for row in self.rows)
        if crop is not None and not 0 < crop <= smallest:
            raise ValueError(f"crop: must be 1 to {smallest} pixels in {folder}, got {crop}")

    def set_epoch(self, epoch: int) -> None:
        """Draw other crops from now on."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Item:
        pair = load_pair(self.dataset, self.rows[index], self.reference)
        if self.crop is None:
            return to_tensors(pair)
        rng = sample_rng(self.seed, f"{pair.id}/epoch{self.epoch}")
        return to_tensors(_cropped(pair, self.crop, rng))


def loader(pairs: Pairs, batch: int, *, workers: int = 0, seed: int = 0) -> DataLoader:
    """Shuffled batches of cropped pairs; the order depends on (seed, epoch) alone.

    Raises ValueError when whole pictures of different sizes would have to share a batch.
    """
    sizes = {row.size for row in pairs.rows}
    if pairs.crop is None and batch > 1 and len(sizes) > 1:
        raise ValueError(f"pictures of {len(sizes)} sizes do not share a batch: crop, or batch=1")
    generator = torch.Generator().manual_seed(seed * 1_000_003 + pairs.epoch)
    return DataLoader(
        pairs, batch, shuffle=True, num_workers=workers, generator=generator, drop_last=True
    )


def _cropped(pair: Pair, side: int, rng: np.random.Generator) -> Pair:
    height, width = pair.regions.shape
    top, left = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
    axes = tuple(axis for axis in (0, 1) if rng.random() < 0.5)

    def cut(array: np.ndarray) -> np.ndarray:
        return np.flip(array[top : top + side, left : left + side], axes)

    return Pair(pair.id, cut(pair.degraded), cut(pair.reference), cut(pair.regions))


def _tensor(plane: np.ndarray) -> Tensor:
    # A copy in any case: a flipped line of one pixel counts as contiguous, with a negative stride.
    return torch.from_numpy(np.array(plane, np.float32, order="C"))
