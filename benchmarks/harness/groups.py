"""In which order tasks are handed out, and how many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from .tasks import Task, Tasks

BATCH_PIXELS, MOST = 2**22, 64  # sixteen pictures of 512 x 512, or 64 small ones
SLICES = 4  # parts of each of the last tasks, so that no core idles while another has a long one


@dataclass(frozen=True, eq=False)
class Groups(Sequence[tuple[Task, ...]]):
    """Tasks handed out together, made when they are asked for; `ends` are where groups end."""

    tasks: Tasks
    ends: np.ndarray

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, index: Any) -> Any:
        """One group; a slice gives groups as a list."""
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        at = range(len(self))[index]
        return tuple(self.tasks[int(self.ends[at - 1]) if at else 0 : int(self.ends[at])])

    def __iter__(self) -> Iterator[tuple[Task, ...]]:
        one_by_one = iter(self.tasks)
        return (tuple(islice(one_by_one, int(count))) for count in np.diff(self.ends, prepend=0))


def schedule(tasks: Tasks, jobs: int) -> Groups:
    """Order tasks for several processes: large pictures first, the last tasks in slices."""
    ordered = tasks[np.argsort(-tasks.pixels, kind="stable")]
    end = max(0, len(ordered) - 2 * jobs)
    last = np.repeat(np.arange(end, len(ordered)), SLICES)
    sliced = ordered[np.concatenate([np.arange(end), last])]
    left = np.unpackbits(sliced.left[end:], axis=1)
    # Of each task's methods that are left the first, fifth ... ; the second, sixth ... ; and so on
    turn = (np.cumsum(left, axis=1) - 1) % SLICES
    mine = np.arange(len(left))[:, None] % SLICES
    parts = np.concatenate([sliced.left[:end], np.packbits(left & (turn == mine), axis=1)])
    some = replace(sliced, left=parts)[np.flatnonzero(parts.any(axis=1))]
    return Groups(some, np.arange(1, len(some) + 1))


def in_batches(tasks: Tasks, most: Callable[[tuple[int, int]], int]) -> Groups:
    """Group tasks of one size, up to `most(size)` at a time, large pictures first."""
    height, width = (tasks.columns[name].astype(np.int64) for name in ("height", "width"))
    ordered = tasks[np.lexsort((-width, -height))]
    sizes, counts = ordered.sizes()
    ends: list[np.ndarray] = []
    start = 0
    for (rows, columns), count in zip(sizes[::-1].tolist(), counts[::-1].tolist(), strict=True):
        end = start + count
        ends.append(np.append(np.arange(start, end, most((rows, columns)))[1:], end))
        start = end
    return Groups(ordered, np.concatenate([np.empty(0, int), *ends]))


def batch_for(size: Sequence[int], device: str) -> int:
    """Choose how many pictures (height, width) a model takes together.

    On a CPU one: more is no faster. On a GPU as many as make BATCH_PIXELS; what does not fit into
    its memory after all is halved until it does.
    """
    if not device.startswith("cuda"):
        return 1
    return max(1, min(MOST, BATCH_PIXELS // (size[0] * size[1])))
