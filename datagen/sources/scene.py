"""What every source boils down to: scenes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath

from luts.tool.files import sha256

from ..recipe.load import RecipeError

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"})
LIGHT = frozenset({".exr", ".hdr"})  # of linear light
RAWS = frozenset(
    {".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".gpr", ".iiq", ".kdc", ".mef"}
    | {".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2"}
    | {".srf", ".srw", ".x3f"}
)


MOST_NAME = 150


@dataclass(frozen=True, slots=True)
class Scene:
    """One photographed scene and all that its source holds about it.

    Paths are relative to the source's folder, with forward slashes.
    """

    name: str  # unique in the source; names the scene's folder
    path: str = ""  # the raw or picture that every EV is rendered from
    inputs: tuple[tuple[float | None, str], ...] = ()  # or: ready pictures by EV (None: not known)
    references: tuple[tuple[str, str], ...] = ()  # by name, such as expert "c"
    segmentation: str = ""
    light: str = ""  # its true light, see datagen.references.light_file
    light_white: float | None = None  # where that was cut off
    centre: tuple[float, float] | None = None  # of a mask: x, y as shares of width and height
    group: str = ""  # scenes of one group never cross a split
    split: str = ""  # when the source fixes it
    origin: str = ""  # where the file comes from
    licence: str = ""
    sha256: str = ""  # of `path`, when the source says

    @property
    def files(self) -> tuple[str, ...]:
        """The picture files the samples are made from, for naming in messages and rows."""
        return (self.path,) if self.path else tuple(path for _, path in self.inputs)


def safe_name(text: str) -> str:
    """A folder name that every file system and shell takes, of up to 150 characters."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", text).strip("._") or "scene"
    if len(name) <= MOST_NAME:
        return name
    return f"{name[:140]}_{sha256(text.encode())[:8]}"


def list_files(folder: Path, suffixes: Iterable[str], *, skip: Iterable[str] = ()) -> list[str]:
    """Files below `folder` with one of the suffixes, sorted, relative, hidden ones left out.

    Raises RecipeError for a name that is not UTF-8, since a manifest could not hold it.
    """
    suffixes, skip, found = frozenset(suffixes), frozenset(skip), []
    places = [""]
    while places:
        place = places.pop()
        with os.scandir(folder / place) as entries:  # many times faster than Path.rglob
            for entry in entries:
                name = f"{place}{entry.name}"
                if entry.name.startswith(".") or name in skip:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    places.append(f"{name}/")
                elif PurePath(name).suffix.lower() in suffixes and entry.is_file():
                    found.append(_utf8(name, folder))
    return sorted(found)


def by_stem(folder: Path, suffixes: Iterable[str] = PICTURES) -> dict[str, str]:
    """File stem -> name, for the files that lie directly in `folder`; {} when there is none.

    Raises RecipeError when two files differ by their suffix only.
    """
    suffixes, found = frozenset(suffixes), {}
    if not folder.is_dir():
        return {}
    for path in sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes):
        other = found.setdefault(path.stem, _utf8(path.name, folder))
        if other != path.name:
            raise RecipeError(
                f"{folder}: {other} and {path.name} have the same name; take one away"
            )
    return found


def check_unique(scenes: list[Scene], folder: Path) -> list[Scene]:
    """Return the scenes, or raise RecipeError when two would share a folder or there are none."""
    if not scenes:
        raise RecipeError(f"{folder}: holds no picture or raw file that this kind of source knows")
    seen: dict[str, Scene] = {}
    for scene in scenes:
        # Case-blind: two names that differ by case are one folder on many disks.
        other = seen.setdefault(scene.name.lower(), scene)
        if other is not scene:
            raise RecipeError(
                f"{folder}: {other.files[0]} and {scene.files[0]} are both called {scene.name!r}; "
                "rename one, or name the scenes in an index.tsv"
            )
    return scenes


def _utf8(name: str, folder: Path) -> str:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        shown = name.encode("utf-8", "backslashreplace").decode()
        raise RecipeError(f"{folder}: the name {shown} is not UTF-8; rename the file") from None
    return name
