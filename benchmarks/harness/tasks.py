"""What there is to evaluate, under which keys, and in which order it is handed out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from luts.tool.files import sha256_file

from .pictures import PictureFolder
from .rows import MADE

if TYPE_CHECKING:
    from datagen.dataset.rows import Sample as ManifestRow

    from ..methods import Method

BATCH_PIXELS, MOST = 2**22, 64  # sixteen pictures of 512 x 512, or 64 small ones
SLICES = 4  # parts of each of the last tasks, so that no core idles while another has a long one


@dataclass(frozen=True)
class Plan:
    """What holds for every task: by what each method makes its estimates, and its values.

    makes, measures : method -> beginning of keys: of estimates, whatever is measured of them; of
        evaluations
    seeing : methods whose estimate depends on the reference
    """

    makes: Mapping[str, str]
    measures: Mapping[str, str]
    seeing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Task:
    """One sample against one reference, and the methods still to be scored on it.

    at : of the sample among the rows that are scored; it is read again when its turn comes
    size : (height, width) of the pictures
    given, wanted : hashes of what methods are given, and of that with what is wanted
    pictures : method -> hash of its picture, for those made elsewhere
    """

    at: int
    sample: str
    size: tuple[int, int]
    reference: str
    names: tuple[str, ...]
    plan: Plan
    given: str
    wanted: str
    pictures: Mapping[str, str] | None = None

    def key(self, name: str) -> str:
        """Key of a method's evaluation."""
        return self.plan.measures[name] + self._seen(name, self.wanted)

    def estimate_of(self, name: str) -> tuple[str, str, str]:
        """Method, sample and key of what a method makes: where its prediction is kept."""
        seen = self.wanted if name in self.plan.seeing else self.given
        return name, self.sample, self.plan.makes[name] + self._seen(name, seen)

    def only(self, names: Collection[str]) -> Task:
        """Keep some of the methods, in the order they are in."""
        return replace(self, names=tuple(name for name in self.names if name in names))

    def without(self, done: set[str]) -> Task:
        """Leave out the methods whose evaluation is stored already."""
        names = tuple(name for name in self.names if self.key(name) not in done)
        return self if len(names) == len(self.names) else replace(self, names=names)

    def _seen(self, name: str, seen: str) -> str:
        picture = self.pictures.get(name) if self.pictures else None
        return _hash(seen, picture) if picture else seen


def list_tasks(
    rows: Iterable[ManifestRow], methods: Mapping[str, Method], plan: Plan
) -> Iterator[Task]:
    """List the work in the data set's order, one task per sample and reference.

    Parameters
    ----------
    rows : of the manifest
    methods : what is scored, in this order on every sample
    plan : see Plan
    """
    names = tuple(methods)
    elsewhere = {
        name: PictureFolder(Path(m.settings["folder"]), m.settings.get("pattern", ""))
        for name, m in methods.items()
        if m.kind == "external"
    }
    for at, row in enumerate(rows):
        lut = "" if row.distortion is None else row.distortion.lut
        what = (row.id, row.sha256[row.input], row.sha256[row.regions], lut)
        given = _hash(*what)
        pictures = {n: _picture_hash(folder, row.id) for n, folder in elsewhere.items()} or None
        for reference, path in row.references.items():
            wanted = _hash(*what, reference, row.sha256[path])
            yield Task(at, row.id, row.size, reference, names, plan, given, wanted, pictures)


def _hash(*parts: str) -> str:
    text = "\0".join(parts).encode()
    return hashlib.blake2b(text, digest_size=MADE // 2).hexdigest()


def _picture_hash(folder: PictureFolder, sample: str) -> str:
    return "" if folder.missing_one(sample) else sha256_file(folder.find(sample))


def schedule(tasks: Iterable[Task], jobs: int) -> list[tuple[Task, ...]]:
    """Order tasks for several processes: large pictures first, the last tasks in slices."""
    ordered = sorted(tasks, key=lambda task: -task.size[0] * task.size[1])
    whole, last = ordered[: -2 * jobs], ordered[-2 * jobs :]
    slices = [
        task.only(names)
        for task in last
        for start in range(SLICES)
        if (names := task.names[start::SLICES])
    ]
    return [(task,) for task in whole + slices]


def in_batches(
    tasks: Iterable[Task], most: Callable[[tuple[int, int]], int]
) -> list[tuple[Task, ...]]:
    """Group tasks of one size, up to `most(size)` at a time, large pictures first."""
    ordered = sorted(tasks, key=lambda task: task.size, reverse=True)
    groups: list[tuple[Task, ...]] = []
    for size, alike in groupby(ordered, key=lambda task: task.size):
        same = tuple(alike)
        groups += [same[at : at + most(size)] for at in range(0, len(same), most(size))]
    return groups


def batch_for(size: Sequence[int], device: str) -> int:
    """Choose how many pictures (height, width) a model takes together.

    On a CPU one: more is no faster. On a GPU as many as make BATCH_PIXELS; what does not fit into
    its memory after all is halved until it does.
    """
    if not device.startswith("cuda"):
        return 1
    return max(1, min(MOST, BATCH_PIXELS // (size[0] * size[1])))
