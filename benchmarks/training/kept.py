"""The first pairs of a stream, kept on disk: trainings after the first need not make them again.

    FOLDER/KEY-128x192.pairs     a slot a pair: degraded, reference (3, H, W), labels (H, W); 8 bits
    FOLDER/KEY-128x192.filled    a byte a pair: 1 once its slot is whole

A small network steps ten times as fast as pairs are made. Out of so many kept ones it sees each
several times, mirrored every other time, instead of few ones once. Several processes may fill one
file: a pair is a function of its position, so whoever writes it writes the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from luts.tool.files import open_to_append, sha256

from .batches import PLANES, Batch

PLANES_STORED = 7
Pairs = Callable[[Sequence[int], tuple[int, int]], Batch]


class KeptPairs:
    """The first `count` pairs of the stream that `make` makes, by position and size.

    Parameters
    ----------
    make : gives the pairs at some positions as {"degraded", "reference": (N, 3, H, W) of 8-bit
        codes over 255, "regions": (N, 2, H, W) of 0 and 1}
    folder : made when missing
    key : whatever tells this stream from others
    first : slot that the sequence begins with, for trainings that shall not see the same order
    """

    def __init__(self, make: Pairs, folder: Path, key: str, count: int, first: int = 0) -> None:
        self.make, self.folder, self.key, self.count = make, folder, sha256(key.encode()), count
        self.first = first
        self._open: dict[tuple[int, int], tuple[np.memmap, np.memmap]] = {}

    def batch(self, positions: Sequence[int], size: tuple[int, int]) -> Batch:
        """The pairs at positions of the endless sequence that repeats them."""
        pairs, filled = self._files(size)
        places = [position + self.first for position in positions]
        slots = [place % self.count for place in places]
        if missing := [slot for slot in dict.fromkeys(slots) if not filled[slot]]:
            pairs[missing] = _stored(self.make(missing, size))
            filled[missing] = 1
        taken = np.stack([pairs[slot] for slot in slots])
        for number, place in enumerate(places):
            if place // self.count % 2:
                taken[number] = taken[number, :, :, ::-1]
        return _loaded(torch.from_numpy(taken))

    def _files(self, size: tuple[int, int]) -> tuple[np.memmap, np.memmap]:
        if size not in self._open:
            self.folder.mkdir(parents=True, exist_ok=True)
            stem = f"{self.key[:16]}-{size[0]}x{size[1]}"
            self._open[size] = (
                _mapped(self.folder / f"{stem}.pairs", (self.count, PLANES_STORED, *size)),
                _mapped(self.folder / f"{stem}.filled", (self.count,)),
            )
        return self._open[size]

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"_open": {}}  # a loader's workers map the files themselves


def _mapped(path: Path, shape: tuple[int, ...]) -> np.memmap:
    """Bytes of a file that is made, or made longer, as far as needed; holes read as zeros."""
    with os.fdopen(open_to_append(path), "r+b") as stream:
        if stream.seek(0, os.SEEK_END) < (wanted := int(np.prod(shape))):
            stream.truncate(wanted)
    return np.memmap(path, np.uint8, "r+", shape=shape)


def _stored(batch: Batch) -> np.ndarray:
    """(N, 7, H, W) codes: degraded, reference, and 0, 1 or 2 in C, B and A."""
    labels = batch["regions"].sum(1, keepdim=True)
    planes = [batch["degraded"] * 255, batch["reference"] * 255, labels]
    return torch.cat([plane.cpu() for plane in planes], 1).round().byte().numpy()


def _loaded(codes: torch.Tensor) -> Batch:
    labels = codes[:, 6:]
    regions = torch.cat([labels == 2, labels >= 1], 1).float()
    # Divided as `quantised` does, so that kept pairs are the streamed ones to the last bit.
    planes = codes[:, :3].float() / 255, codes[:, 3:6].float() / 255, regions
    return dict(zip(PLANES, planes, strict=True))
