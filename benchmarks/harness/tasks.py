"""What there is to evaluate, and under which keys: columns, out of which tasks are made one by one.

A million pairs are some dozen numbers each; a task is made when its turn comes.
"""

from __future__ import annotations

import functools
import hashlib
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from luts.tool.files import sha256_file

from .pictures import PictureFolder
from .rows import MADE

if TYPE_CHECKING:
    from datagen.dataset.rows import Sample as ManifestRow

    from ..methods import Method

COLUMNS = ("at", "height", "width", "reference", "given", "wanted")
AT_ONCE = 4096
NO_PICTURE = bytes(32)  # in place of the SHA-256 of a picture that is not there


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

    def estimate_key(self, name: str) -> str:
        """Key of what a method makes: by it its prediction is kept."""
        seen = self.wanted if name in self.plan.seeing else self.given
        return self.plan.makes[name] + self._seen(name, seen)

    def only(self, names: Collection[str]) -> Task:
        """Keep some of the methods, in the order they are in."""
        return replace(self, names=tuple(name for name in self.names if name in names))

    def _seen(self, name: str, seen: str) -> str:
        picture = self.pictures.get(name) if self.pictures else None
        return _digest(seen, picture).hex() if picture else seen


@dataclass(eq=False)
class Pairs:
    """Samples of which each reference makes a pair, noted one by one as a manifest is read.

    All columns but `references` are as long as there are pairs, of which one takes 30 bytes.
    """

    samples: int = 0
    references: dict[str, int] = field(default_factory=dict)  # name -> its number in `reference`
    at: array[int] = field(default_factory=lambda: array("I"))  # of the sample among those noted
    height: array[int] = field(default_factory=lambda: array("I"))
    width: array[int] = field(default_factory=lambda: array("I"))
    reference: array[int] = field(default_factory=lambda: array("H"))
    given: array[int] = field(default_factory=lambda: array("Q"))  # hashes, see Task
    wanted: array[int] = field(default_factory=lambda: array("Q"))

    def note(self, row: ManifestRow) -> None:
        """Add the pairs of the next sample."""
        lut = "" if row.distortion is None else row.distortion.lut
        what = "\0".join((row.id, row.sha256[row.input], row.sha256[row.regions], lut))
        given = _number(_digest(what))
        for reference, path in row.references.items():
            self.at.append(self.samples)
            self.height.append(row.height)
            self.width.append(row.width)
            self.reference.append(self.references.setdefault(reference, len(self.references)))
            self.given.append(given)
            self.wanted.append(_number(_digest(what, reference, row.sha256[path])))
        self.samples += 1


@dataclass(frozen=True, eq=False)
class Tasks(Sequence[Task]):
    """Tasks, one per sample and reference in the data set's order, made when they are asked for.

    names : of all methods, in the order in which they are scored
    references : names by their numbers
    columns : those of COLUMNS as arrays, see Pairs
    left : (tasks, bytes) uint8, a bit per method: whether it is still to be scored
    pictures : method -> (tasks, 32) uint8, the SHA-256 of its pictures, for those made elsewhere
    """

    plan: Plan
    names: tuple[str, ...]
    references: tuple[str, ...]
    columns: Mapping[str, np.ndarray]
    left: np.ndarray
    pictures: Mapping[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.left)

    @overload
    def __getitem__(self, index: int) -> Task: ...
    @overload
    def __getitem__(self, index: slice | np.ndarray) -> Tasks: ...
    def __getitem__(self, index: Any) -> Task | Tasks:
        """One task; a slice or an array of indices gives tasks again."""
        if isinstance(index, slice | np.ndarray):
            return replace(
                self,
                columns={name: column[index] for name, column in self.columns.items()},
                left=self.left[index],
                pictures={name: column[index] for name, column in self.pictures.items()},
            )
        (task,) = self[np.array([index])]
        return task

    def __iter__(self) -> Iterator[Task]:
        """Make the tasks one by one, out of columns that are taken some thousand at a time."""
        names = functools.cache(self._names)
        for start in range(0, len(self), AT_ONCE):
            some = self[start : start + AT_ONCE]
            columns = (some.columns[name].tolist() for name in COLUMNS)
            for number, (at, height, width, reference, given, wanted) in enumerate(
                zip(*columns, strict=True)
            ):
                hashes = {name: digests[number] for name, digests in some.pictures.items()}
                yield Task(
                    at,
                    (height, width),
                    self.references[reference],
                    names(some.left[number].tobytes()),
                    self.plan,
                    f"{given:0{MADE}x}",
                    f"{wanted:0{MADE}x}",
                    {n: h.tobytes().hex() if h.any() else "" for n, h in hashes.items()} or None,
                )

    def _names(self, left: bytes) -> tuple[str, ...]:
        bits = np.unpackbits(np.frombuffer(left, np.uint8), count=len(self.names))
        return tuple(name for name, is_left in zip(self.names, bits, strict=True) if is_left)

    @property
    def pixels(self) -> np.ndarray:
        """Of each task's pictures: int64."""
        return self.columns["height"].astype(np.int64) * self.columns["width"]

    def sizes(self) -> tuple[np.ndarray, np.ndarray]:
        """Every (height, width) that there is, sorted, (sizes, 2), and how many tasks have it."""
        both = np.stack([self.columns["height"], self.columns["width"]], 1)
        return np.unique(both, axis=0, return_counts=True)

    def counts(self) -> dict[str, int]:
        """How many evaluations of each method are left."""
        return {
            name: int(np.count_nonzero(self.left[:, at // 8] & (128 >> at % 8)))
            for at, name in enumerate(self.names)
        }

    def against(self, references: Collection[str]) -> Tasks:
        """The tasks against some of the references."""
        wanted = [number for number, name in enumerate(self.references) if name in references]
        return self[np.flatnonzero(np.isin(self.columns["reference"], wanted))]

    def only(self, names: Collection[str]) -> Tasks:
        """Keep some of the methods, and the tasks that have work left then."""
        bits = np.packbits([name in names for name in self.names])
        return replace(self, left=self.left & bits)._with_work()

    def without(self, done: Mapping[str, np.ndarray]) -> Tasks:
        """Leave out the evaluations that are stored already; `done` is of `finished_keys`."""
        left = self.left.copy()
        for at, name in enumerate(self.names):
            keys = done.get(self.plan.measures[name])
            if keys is not None:
                left[np.isin(self._seen(name), keys), at // 8] &= 255 - (128 >> at % 8)
        return replace(self, left=left)._with_work()

    def _with_work(self) -> Tasks:
        return self[np.flatnonzero(self.left.any(axis=1))]

    def _seen(self, name: str) -> np.ndarray:
        """The ends of a method's keys, as numbers; see Task.key."""
        wanted = self.columns["wanted"]
        if name not in self.pictures:
            return wanted
        start = len(self.plan.measures[name])
        ends = (int(task.key(name)[start:], 16) for task in self)
        return np.fromiter(ends, np.uint64, len(self))


def list_tasks(
    pairs: Pairs,
    methods: Mapping[str, Method],
    plan: Plan,
    rows: Iterable[ManifestRow] = (),
) -> Tasks:
    """List the work in the data set's order, one task per sample and reference.

    Parameters
    ----------
    pairs : all there are
    methods : what is scored, in this order on every sample
    plan : see Plan
    rows : of the manifest, those noted in `pairs`; read only where pictures were made elsewhere
    """
    columns = {name: np.array(getattr(pairs, name)) for name in COLUMNS}
    elsewhere = {n: PictureFolder.of(m) for n, m in methods.items() if m.kind == "external"}
    found = {name: bytearray() for name in elsewhere}
    for row in rows if elsewhere else ():
        for name, folder in elsewhere.items():
            found[name] += _picture_digest(folder, row.id)
    pictures = {
        name: np.frombuffer(digests, np.uint8).reshape(-1, len(NO_PICTURE))[columns["at"]]
        for name, digests in found.items()
    }
    every = np.packbits(np.ones(len(methods), bool))
    left = np.repeat(every[None], len(columns["at"]), axis=0)
    return Tasks(plan, tuple(methods), tuple(pairs.references), columns, left, pictures)


def _digest(*parts: str) -> bytes:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=MADE // 2).digest()


def _number(digest: bytes) -> int:
    return int.from_bytes(digest, "big")


def _picture_digest(folder: PictureFolder, sample: str) -> bytes:
    missing = folder.missing_one(sample)
    return NO_PICTURE if missing else bytes.fromhex(sha256_file(folder.find(sample)))
