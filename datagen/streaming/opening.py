"""The scenes of a recipe as light sources: out of its source's files, or out of one cache file."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..build.division import divide
from ..build.open_scene import open_scene
from ..build.opened import OpenScene, OpenSceneError
from ..images.codes import quantise
from ..images.hdr import read_scene
from ..recipe.load import Recipe
from ..recipe.settings import SPLITS
from ..sources import read_source, source_folder
from ..sources.scene import Scene
from .cache import read_cache, write_cache
from .distort import Pools
from .light_source import BRIGHTEST, LIGHT, LightSource, normalised
from .pictures import EXPOSURE, MATTE, REFERENCE, UNKNOWN_EV
from .taken import StreamError

PANORAMAS = "panoramas"  # the kind of source whose scenes have light all around


def open_sources(
    recipe: Recipe, split: str, cache: Path | None = None
) -> tuple[list[LightSource], Mapping[str, Any]]:
    """The scenes of one split, and the members of pools that are known already."""
    if cache is not None:
        opened = read_cache(cache, recipe)
        sources = [LightSource(**vars(entry)) for entry in opened.entries if entry.split == split]
        pools: Mapping[str, Any] = opened.pools
    else:
        sources, pools = [one for one in all_sources(recipe) if one.split == split], {}
    if not sources:
        raise StreamError(f"{recipe.name}: no scene in split {split!r}")
    return sources, pools


def all_sources(recipe: Recipe) -> list[LightSource]:
    """Every scene of a recipe's source, with its split; nothing is opened yet."""
    folder, scenes = source_folder(recipe.source), read_source(recipe.source)
    splits = divide(recipe.split, scenes, seed=recipe.seed).splits
    make = _panorama if recipe.source.kind == PANORAMAS else functools.partial(_picture, recipe)
    return [make(scene, folder, split) for scene, split in zip(scenes, splits, strict=True)]


def save_light(
    recipe: Recipe,
    path: Path,
    *,
    edge: int = 512,
    plain: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> int:
    """Write the light of all scenes, and the members of all pools, to one file; returns its bytes.

    A scene that cannot be opened is said and left out. Raises StreamError when none can.
    """
    sources, kept = all_sources(recipe), 0

    def opened() -> Iterator[Any]:
        nonlocal kept
        for source in sources:
            try:
                source.arrays[LIGHT]()
            except (StreamError, OSError, ValueError) as error:
                say(f"left out: {error}")
                continue
            kept += 1
            yield source

    pools: dict[str, Any] = {}
    for split in SPLITS:
        if any(source.split == split for source in sources):
            drawn = Pools(recipe, split)
            for block, distort in enumerate(recipe.distort):
                for entry in range(distort.pool):
                    drawn.member(block, entry)
            pools |= drawn.records
    panoramas = recipe.source.kind == PANORAMAS
    size = write_cache(path, recipe, opened(), pools, edge=edge if panoramas else 0, plain=plain)
    if not kept:
        path.unlink()
        raise StreamError(f"{recipe.name}: no scene could be opened; nothing was written")
    return size


def _panorama(scene: Scene, folder: Path, split: str) -> LightSource:
    def light() -> np.ndarray:
        return normalised(read_scene(folder / scene.path))

    return LightSource(scene.name, scene.group, scene.licence, split, {LIGHT: light})


def _picture(recipe: Recipe, scene: Scene, folder: Path, split: str) -> LightSource:
    """A scene that a build would open: opened once, when anything of it is wanted."""

    @functools.cache
    def opened() -> OpenScene:
        try:
            return open_scene(scene, folder, recipe)
        except OpenSceneError as error:
            raise StreamError(f"{scene.name}: {error.status}: {error}") from None

    return LightSource(scene.name, scene.group, scene.licence, split, _Arrays(opened))


class _Arrays(Mapping[str, Callable[[], np.ndarray]]):
    """The arrays of an opened scene; it is opened when they are asked for."""

    def __init__(self, opened: Callable[[], OpenScene]) -> None:
        self.opened = opened

    def _names(self) -> dict[str, Callable[[], np.ndarray]]:
        scene = self.opened()
        found: dict[str, Callable[[], np.ndarray]] = {
            LIGHT: lambda: np.clip(
                scene.linear * np.float32(2.0**scene.shift_ev), -BRIGHTEST, BRIGHTEST
            ).astype(np.float16)
        }
        for name, made in scene.references.items():
            found[REFERENCE + name] = functools.partial(_codes_of, made)
        for ev, encoded in scene.exposures.items():
            text = UNKNOWN_EV if ev is None else f"{ev:g}"
            found[EXPOSURE + text] = functools.partial(quantise, encoded, 16)
        if (matte := scene.guide(None).segmentation) is not None:
            found[MATTE] = lambda: quantise(matte, 8)
        return found

    def __getitem__(self, name: str) -> Callable[[], np.ndarray]:
        return self._names()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())


def _codes_of(made: Any) -> np.ndarray:
    return made.codes
