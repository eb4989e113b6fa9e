"""Known layouts of picture collections: one file each, one line in SOURCES.

Others come from outside, by "my.py:function" where the user names the file, or from an installed
package by an entry point of the group "tonebench.sources": a function (source, folder) that lists
the scenes of a folder, as those here do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path

from luts.tool.gate import plain_name
from luts.tool.outside import SOURCES as GROUP
from luts.tool.outside import OutsideError, beside, is_outside, load_target, offered
from luts.tool.words import nearest, shown

from ..recipe.load import RecipeError
from ..recipe.settings import SAMPLES, Source
from ..references import EXPERTS, REFERENCES
from . import matching
from .brackets import by_capture
from .bursts import group_bursts
from .groups import group_near_duplicates
from .scene import MADE, Scene, check_unique, safe_name

SOURCES: dict[str, str] = {
    "folder": "folder:read_folder",
    "fivek": "fivek:read_fivek",
    "lol": "lol:read_lol",
    "msec": "msec:read_msec",
    "panoramas": "panoramas:read_panoramas",
    "pairs": "pairs:read_pairs",
    "ppr10k": "ppr10k:read_ppr10k",
    "sice": "sice:read_sice",
    "uieb": "uieb:read_uieb",
}


def read_source(source: Source) -> list[Scene]:
    """List the scenes of a recipe's source, in a fixed order.

    No picture is opened, unless the recipe asks for near-duplicates to be grouped.

    Raises
    ------
    RecipeError
        The folder is missing, empty, or not laid out as this kind of source is.
    """
    reader, folder = _reader(source.kind), source_folder(source)
    with beside(source.kind):
        scenes = reader(source, folder)
    if source.kind not in SOURCES:
        scenes = _checked(scenes, source.kind, folder)
    if source.brackets:
        scenes = by_capture(scenes, folder)
    scenes = [replace(scene, group=scene.group or scene.name) for scene in scenes]
    scenes = scenes[: source.limit or None]
    _refuse_strange_names(scenes)
    _refuse_unknown_references(source, scenes)
    if source.burst_s:
        scenes = group_bursts(scenes, folder, within_s=source.burst_s)
    if source.near_duplicates:
        scenes = group_near_duplicates(scenes, folder)
    return scenes


def _reader(kind: str) -> Callable[[Source, Path], list[Scene]]:
    """What lists the scenes of a kind of source."""
    if kind in SOURCES:
        return load_target(f"{__name__}.{SOURCES[kind]}")
    target = kind if is_outside(kind) else offered(GROUP).get(kind)
    if target is None:
        close = nearest(kind, [*SOURCES, *offered(GROUP)])
        raise RecipeError(f"[source] kind: no source is called {shown(kind)}{close}")
    try:
        return load_target(target)
    except OutsideError as error:
        raise RecipeError(f"[source] kind: {error}") from None


def _checked(scenes: object, kind: str, folder: Path) -> list[Scene]:
    """The scenes that code from outside returned; RecipeError where they are none."""
    if not isinstance(scenes, list) or not all(isinstance(scene, Scene) for scene in scenes):
        raise RecipeError(
            f"[source] kind: {kind} returned a {type(scenes).__name__}; wanted is a list of "
            "datagen.sources.Scene"
        )
    scenes = [replace(scene, name=safe_name(scene.name)) for scene in scenes]
    return check_unique(scenes, folder)


def notes_on(source: Source, scenes: Sequence[Scene]) -> list[str]:
    """What about a source's files may surprise, a line each; see `datagen.sources.matching`."""
    return [*matching.unmatched(source, source_folder(source), scenes), *matching.partly(scenes)]


def _refuse_strange_names(scenes: Sequence[Scene]) -> None:
    """References name files and members of archives, so their names must be plain."""
    for name in {name for scene in scenes for name, _ in scene.references}:
        try:
            plain_name(name)
        except ValueError as error:
            raise RecipeError(f"[source] references: {error}") from None


def _refuse_unknown_references(source: Source, scenes: Sequence[Scene]) -> None:
    experts = {name for scene in scenes for name, _ in scene.references}
    for name in sorted(experts & {*REFERENCES, EXPERTS}):
        raise RecipeError(
            f"references/{name}: that name is one of {', '.join(REFERENCES)}; rename it"
        )
    known = experts | {*REFERENCES, EXPERTS}
    for name in source.references:
        if name not in known:
            raise RecipeError(
                f"[source] references: no scene has a reference {shown(name)}{nearest(name, known)}"
            )


def source_folder(source: Source) -> Path:
    """The source's folder: as given, relative to the working directory, or the embedded samples."""
    if source.folder == SAMPLES:
        return Path(str(resources.files("datagen") / "samples"))
    folder = Path(source.folder)
    if not folder.is_dir():
        raise RecipeError(
            f"[source] folder: {folder}: no such folder; give another with --set source.folder=..."
        )
    if (folder / MADE).is_file():
        raise RecipeError(
            f"[source] folder: {folder}: is a data set that was built, not a source; "
            "give the folder of its raws or pictures"
        )
    return folder
