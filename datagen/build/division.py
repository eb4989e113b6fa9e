"""How scenes are divided into train, val and test: one function per way, all in `divide`."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from luts.tool.words import shown

from ..recipe.load import RecipeError
from ..recipe.settings import SPLITS, Split
from ..sources.scene import Scene
from .split_lists import by_lists


@dataclass(frozen=True)
class Division:
    """The split of every scene, "" for one that is left out; and what about it may surprise."""

    splits: list[str]
    notes: tuple[str, ...] = ()


def divide(split: Split, scenes: Sequence[Scene], *, seed: int) -> Division:
    """Name the split of every scene so that a group is never divided.

    source: the source's own split; where it has none, the group's, or else as by hash.
    hash: by a hash of (seed, group), so that a scene's split does not depend on which others exist.
    order: the first `train` scenes, then `val`, then `test`, as the literature divides FiveK; of
    another number of scenes, the same shares, and a note.
    random: `train`, `val` and `test` scenes drawn by seed, group by group; the rest is left out.
    list: what the files named in `train_list`, `val_list` and `test_list` name; see `split_lists`.

    Raises
    ------
    RecipeError
        A split that cannot be made, or that would divide a group.
    """
    made = {
        "source": _own_splits,
        "hash": _hashed_splits,
        "order": _ordered_splits,
        "random": _random_splits,
        "list": _listed_splits,
    }[split.by](split, scenes, seed)
    _refuse_divided_groups(scenes, made.splits)
    return made


def _own_splits(split: Split, scenes: Sequence[Scene], seed: int) -> Division:
    for scene in scenes:
        if scene.split not in (*SPLITS, ""):
            raise RecipeError(
                f"{scene.files[0]}: its source puts it into split {shown(scene.split)}; "
                f"known are {', '.join(SPLITS)}"
            )
    fixed = {scene.group: scene.split for scene in scenes if scene.split}
    return Division(
        [
            scene.split or fixed.get(scene.group) or _hashed_split(split, scene.group, seed)
            for scene in scenes
        ]
    )


def _hashed_splits(split: Split, scenes: Sequence[Scene], seed: int) -> Division:
    splits = [_hashed_split(split, scene.group, seed) for scene in scenes]
    own = sum(bool(scene.split) for scene in scenes)
    if not own:
        return Division(splits)
    note = f"the source names the split of {own} scenes; by = 'hash' does not use it"
    return Division(splits, (note,))


def _hashed_split(split: Split, group: str, seed: int) -> str:
    position = _position(seed, group)
    if position < split.train:
        return "train"
    return "val" if position < split.train + split.val else "test"


def _position(seed: int, group: str) -> float:
    """Where in [0, 1) the hash of a group lies."""
    digest = hashlib.blake2b(f"{seed}/split/{group}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def _ordered_splits(split: Split, scenes: Sequence[Scene], seed: int) -> Division:
    counts = [int(split.train), int(split.val), int(split.test)]
    total, made = sum(counts), counts
    notes: tuple[str, ...] = ()
    if total != len(scenes):
        ends = [round(len(scenes) * sum(counts[:end]) / total) for end in range(4)]
        made = [last - first for first, last in pairwise(ends)]
        notes = (
            f"[split] by = 'order' divides {_sum(counts)} = {total} scenes, and the source has "
            f"{len(scenes)}: divided {_sum(made)} instead",
        )
    return Division([name for name, n in zip(SPLITS, made, strict=True) for _ in range(n)], notes)


def _sum(counts: Sequence[int]) -> str:
    return " + ".join(map(str, counts))


def _random_splits(split: Split, scenes: Sequence[Scene], seed: int) -> Division:
    room = {name: int(getattr(split, name)) for name in SPLITS}
    sizes = Counter(scene.group for scene in scenes)
    if sum(room.values()) > len(scenes):
        raise RecipeError(
            f"[split] by = 'random' draws {_sum([*room.values()])} = {sum(room.values())} scenes, "
            f"but the source has {len(scenes)}"
        )
    chosen = dict.fromkeys(sizes, "")
    for group in sorted(sizes, key=lambda group: (_position(seed, group), group)):
        chosen[group] = next((name for name, left in room.items() if left >= sizes[group]), "")
        if chosen[group]:
            room[chosen[group]] -= sizes[group]
    short = {name: left for name, left in room.items() if left}
    notes = tuple(
        f"[split] by = 'random': {left} scenes fewer in {name} than asked, since groups stay whole"
        for name, left in short.items()
    )
    return Division([chosen[scene.group] for scene in scenes], notes)


def _listed_splits(split: Split, scenes: Sequence[Scene], seed: int) -> Division:
    lists = {name: getattr(split, f"{name}_list") for name in SPLITS}
    splits, notes = by_lists({name: Path(file) for name, file in lists.items() if file}, scenes)
    return Division(splits, notes)


def _refuse_divided_groups(scenes: Sequence[Scene], splits: Sequence[str]) -> None:
    first: dict[str, tuple[str, Scene]] = {}
    for scene, split in zip(scenes, splits, strict=True):
        if not split:
            continue
        other_split, other = first.setdefault(scene.group, (split, scene))
        if other_split != split:
            raise RecipeError(
                f"[split]: group {shown(scene.group)} would be divided: "
                f"{other.name} is in {other_split}, {scene.name} in {split}"
            )
