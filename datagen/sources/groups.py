"""Scenes that show the same thing form one group, so that no split divides them."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from luts.tool.errors import UserError

from ..engines.progress import Progress
from ..engines.worker import Outcome, Task
from .picture_hash import file_hash, near_duplicates
from .scene import Scene

FILES_PER_TASK = 32
DEADLINE_S = 10.0  # per file
MEMORY = 4 << 30


def join_groups(scenes: Sequence[Scene], pairs: Iterable[tuple[int, int]]) -> list[Scene]:
    """Join the groups of the scenes in every pair of indices; the name that comes first stays."""
    order = {scene.group: None for scene in scenes}
    place = {group: index for index, group in enumerate(order)}
    joined_to = {group: group for group in order}

    def root(group: str) -> str:
        while joined_to[group] != group:
            joined_to[group] = group = joined_to[joined_to[group]]
        return group

    for one, two in pairs:
        first, second = sorted(
            (root(scenes[one].group), root(scenes[two].group)), key=place.__getitem__
        )
        joined_to[second] = first
    return [replace(scene, group=root(scene.group)) for scene in scenes]


def group_near_duplicates(scenes: Sequence[Scene], folder: Path) -> list[Scene]:
    """Join the groups of scenes whose pictures look alike.

    What cannot be read stays in the group it has.
    """
    hashes = file_hashes([scene.files[0] for scene in scenes], folder)
    return join_groups(scenes, near_duplicates([hashes[scene.files[0]] for scene in scenes]))


def file_hashes(files: Sequence[str], folder: Path) -> dict[str, int]:
    """Hash of every file, 0 where it cannot be read.

    Files are looked at in worker processes, many per task. A task that is lost to a file that
    crashes its decoder is done again file by file.
    """
    tasks: list[tuple[str, ...]]
    tasks = [tuple(files[at : at + FILES_PER_TASK]) for at in range(0, len(files), FILES_PER_TASK)]
    hashes = dict.fromkeys(files, 0)
    with Progress(len(files), "looking for near-duplicates", "picture") as bar:
        while tasks:
            again: list[tuple[str, ...]] = []
            for outcome in _looks(folder, tasks):
                some = outcome.task.job
                if outcome.status != "ok" and len(some) > 1:
                    again += [(file,) for file in some]
                    continue
                hashes.update(outcome.result or {})
                bar.step(len(some))
            tasks = again
    return hashes


def _looks(folder: Path, tasks: Sequence[tuple[str, ...]]) -> Iterator[Outcome]:
    from ..engines import local

    queue = (Task(files, DEADLINE_S * len(files)) for files in tasks)
    work = functools.partial(_look, folder)
    return local.run(work, queue, workers=os.cpu_count() or 1, memory=MEMORY)


def _look(folder: Path, files: Sequence[str]) -> dict[str, int]:
    found = {}
    for file in files:
        with contextlib.suppress(UserError):  # the build will say what is wrong with it
            found[file] = file_hash(folder / file)
    return found
