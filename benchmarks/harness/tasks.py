"""What there is to evaluate, under which keys, and in which order it is handed out."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from luts.tool.files import sha256_file

from .predict import picture_of
from .rows import evaluation_key

if TYPE_CHECKING:
    from datagen.dataset.rows import Sample as ManifestRow

    from ..methods.method import Method
    from ..metrics import Metric

BATCH_PIXELS, MOST = 2**22, 64  # sixteen pictures of 512 x 512, or 64 small ones
SLICES = 4  # parts of each of the last tasks, so that no core idles while another has a long one


@dataclass(frozen=True)
class Task:
    """One sample against one reference, and the methods still to be scored on it.

    `keys` has the key of each method's evaluation. `estimates` has the key of what each method
    makes of the sample, whatever is measured of it: the name of a kept prediction.
    """

    row: ManifestRow
    reference: str
    keys: dict[str, str]
    estimates: dict[str, str]

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the pictures."""
        return self.row.size

    def estimate_of(self, name: str) -> tuple[str, str, str]:
        """Method, sample and key of what a method makes: where its prediction is kept."""
        return name, self.row.id, self.estimates[name]

    def only(self, names: Iterable[str]) -> Task:
        """Keep some of the methods."""
        return replace(self, keys={name: self.keys[name] for name in names})

    def without(self, done: set[str]) -> Task:
        """Leave out the methods whose evaluation is stored already."""
        return self.only(name for name, key in self.keys.items() if key not in done)


def list_tasks(
    rows: Iterable[ManifestRow],
    methods: Mapping[str, Method],
    prints: Mapping[str, dict],
    metrics: Sequence[Metric],
    *,
    kept: bool = False,
    by_torch: Container[str] = (),
) -> Iterator[Task]:
    """List the work in the data set's order, one task per sample and reference.

    Parameters
    ----------
    rows : of the manifest
    methods, prints : the methods and their fingerprints (`predict.fingerprint`)
    metrics : what is measured; another set or version makes other keys
    kept : predictions pass through 16-bit files, which moves values by half a code: other keys
    """
    made_by = {name: evaluation_key(name, print_) for name, print_ in prints.items()}
    measured = {
        name: evaluation_key(
            [metric.id for metric in metrics],
            *(["png16"] if kept else []),
            *(["torch"] if name in by_torch else []),
        )
        for name in made_by
    }
    for row in rows:
        lut = None if row.distortion is None else row.distortion.lut
        given = [row.id, row.sha256[row.input], row.sha256[row.regions], lut]
        for reference, path in row.references.items():
            wanted = [reference, row.sha256[path]]
            estimates, keys = {}, {}
            for name, maker in made_by.items():
                seen = wanted if methods[name].kind in ("check", "oracle") else None
                picture = _picture_hash(methods[name], row.id)
                estimates[name] = evaluation_key(maker, given, seen, picture)
                keys[name] = evaluation_key(estimates[name], wanted, measured[name])
            yield Task(row, reference, keys, estimates)


def _picture_hash(method: Method, sample: str) -> str | None:
    if method.kind != "external":
        return None
    path = picture_of(Path(method.settings["folder"]), sample)
    return sha256_file(path) if path.is_file() else None


def schedule(tasks: Iterable[Task], jobs: int) -> list[tuple[Task, ...]]:
    """Order tasks for several processes: large pictures first, the last tasks in slices."""
    ordered = sorted(tasks, key=lambda task: -task.size[0] * task.size[1])
    whole, last = ordered[: -2 * jobs], ordered[-2 * jobs :]
    slices = [
        task.only(names)
        for task in last
        for start in range(SLICES)
        if (names := list(task.keys)[start::SLICES])
    ]
    return [(task,) for task in whole + slices]


def in_batches(
    tasks: Iterable[Task], most: Callable[[tuple[int, int]], int]
) -> list[tuple[Task, ...]]:
    """Group tasks of one size, up to `most(size)` at a time, large pictures first."""
    ordered = sorted(tasks, key=lambda task: task.size, reverse=True)
    groups = []
    for size, alike in groupby(ordered, key=lambda task: task.size):
        same = tuple(alike)
        groups += [same[at : at + most(size)] for at in range(0, len(same), most(size))]
    return groups


def batch_for(size: tuple[int, int], device: str) -> int:
    """Choose how many pictures (height, width) a model takes together.

    On a CPU one: more is no faster. On a GPU as many as make BATCH_PIXELS; what does not fit into
    its memory after all is halved until it does.
    """
    if not device.startswith("cuda"):
        return 1
    return max(1, min(MOST, BATCH_PIXELS // (size[0] * size[1])))
