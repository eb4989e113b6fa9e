"""What belongs to what: the files a source's scenes are made of, and those that match nothing."""

from __future__ import annotations

import difflib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from ..recipe.settings import Source
from .folder import INDEX
from .scene import LIGHT, MASKS, PICTURES, RAWS, Scene, list_files, stem_of

ANYTHING = PICTURES | RAWS | LIGHT | MASKS
SHOWN = 3
CLOSE = 0.6  # of difflib's likeness: IMG_1_mask and IMG_1


def matched(scenes: Sequence[Scene]) -> list[str]:
    """How many scenes have what, a line each; nothing about what none has."""
    references = Counter(name for scene in scenes for name, _ in scene.references)
    found = [(f"reference {name}", count) for name, count in sorted(references.items())]
    found.append(("segmentations", sum(bool(scene.masks) for scene in scenes)))
    return [f"{what}: {count} of {len(scenes)} scenes" for what, count in found if count]


def unmatched(source: Source, folder: Path, scenes: Sequence[Scene]) -> list[str]:
    """Notes on the pictures, raws and masks below a source's folder that are part of no scene.

    Nothing when the recipe takes only the first few scenes.
    """
    if source.limit:
        return []
    used = set(_used(scenes))
    left: dict[str, list[str]] = defaultdict(list)
    for file in list_files(folder, ANYTHING):
        if file not in used:
            left[_place(file)].append(file)
    return [_told(place, files, folder, scenes) for place, files in sorted(left.items())]


def partly(scenes: Sequence[Scene]) -> list[str]:
    """Notes on references that some scenes have and others lack."""
    references = Counter(name for scene in scenes for name, _ in scene.references)
    notes = []
    for name, count in sorted(references.items()):
        if missing := len(scenes) - count:
            lacking = next(s.name for s in scenes if name not in dict(s.references))
            of = f"{missing} of {len(scenes)} scenes"
            notes.append(f"reference {name}: {of} lack it, such as {lacking}")
    return notes


def _used(scenes: Sequence[Scene]) -> Iterator[str]:
    for scene in scenes:
        yield from scene.files
        yield from (path for _, path in scene.references)
        yield from (path.partition("#")[0] for path in (*scene.masks, scene.light))


def _place(file: str) -> str:
    """Where a file lies: its folder; all that lies deeper than two counts as one place."""
    return "/".join(PurePosixPath(file).parts[:-1][:2])


def _told(place: str, files: list[str], folder: Path, scenes: Sequence[Scene]) -> str:
    names = ", ".join(PurePosixPath(file).name for file in files[:SHOWN])
    names += ", ..." if len(files) > SHOWN else ""
    where = f"{place}/: " if place else ""
    count = f"{len(files)} file{'s' if len(files) > 1 else ''}"
    if (folder / INDEX).is_file():
        return f"{where}not in {INDEX}, {count}: {names}"
    if place.partition("/")[0] in ("references", "segmentations"):
        stems = (stem_of(file) for scene in scenes[:10_000] for file in scene.files)
        known = {stem.casefold(): stem for stem in stems}
        near = difflib.get_close_matches(stem_of(files[0]).casefold(), known, 1, CLOSE)
        hint = f"; did you mean {known[near[0]]}{PurePosixPath(files[0]).suffix}?" if near else ""
        return f"{where}no picture for {count}: {names}{hint}"
    raws = any(PurePosixPath(scene.path).suffix.lower() in RAWS for scene in scenes[:100])
    if raws and PurePosixPath(files[0]).suffix.lower() in PICTURES:
        return f"{where}not used beside the raws, {count}: {names}"
    return f"{where}part of no scene, {count}: {names}"
