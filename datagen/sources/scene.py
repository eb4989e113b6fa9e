"""What every source boils down to: scenes."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from luts.tool.files import sha256

from ..recipe.load import RecipeError

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"})
LIGHT = frozenset({".exr", ".hdr"})  # of linear light
RAWS = frozenset(
    {".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".gpr", ".iiq", ".kdc", ".mef"}
    | {".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2"}
    | {".srf", ".srw", ".x3f", ".fff", ".k25", ".ptx"}
)
MASKS = PICTURES | {".gif", ".npy"}
MADE = "dataset.json"  # in every folder that a build wrote
MOST_NAME = 150


@dataclass(frozen=True, slots=True)
class Scene:
    """One photographed scene and all that its source holds about it.

    Paths are relative to the source's folder, with forward slashes.
    """

    name: str  # unique in the source; names the scene's folder
    path: str = ""  # the raw or picture that every EV is rendered from
    inputs: tuple[tuple[float | None, str], ...] = ()  # or: pictures or raws by EV (None: unknown)
    bracket: str = ""  # of a shot that is still to be joined with others, and ...
    ev: float | None = None  # ... its exposure among them
    references: tuple[tuple[str, str], ...] = ()  # by name, such as expert "c"
    masks: tuple[str, ...] = ()  # of its subjects: files, or annotations "file.json#id"
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

    @property
    def ready(self) -> bool:
        """Whether its inputs are pictures that are there, rather than rendered from a raw."""
        return any(PurePath(file).suffix.lower() not in RAWS for _, file in self.inputs)


def safe_name(text: str) -> str:
    """A folder name that every file system and shell takes, of up to 150 characters.

    What has no letter or digit of ASCII is told by a short hash.
    """
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", text).strip("._")
    if not re.search(r"[A-Za-z0-9]", name):
        return f"scene_{_digest(text)}"
    if len(name) <= MOST_NAME:
        return name
    return f"{name[:140]}_{_digest(text)}"


def stem_of(path: str | PurePath) -> str:
    """The stem of a file's name, by which files belong together, in Unicode's composed form."""
    return unicodedata.normalize("NFC", PurePath(path).stem)


def list_files(folder: Path, suffixes: Iterable[str], *, skip: Iterable[str] = ()) -> list[str]:
    """Files below `folder` with one of the suffixes, sorted, relative.

    Left out are hidden ones, the names in `skip`, and folders that hold a data set which was built.
    Links are followed; a folder that links lead to twice is listed once.

    Raises RecipeError for a folder that cannot be listed, and for a name that is not UTF-8, since a
    manifest could not hold it.
    """
    suffixes, skip, found = frozenset(suffixes), frozenset(skip), []
    places, seen = [""], set()
    while places:
        place = places.pop()
        try:
            status = (folder / place).stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(folder / place) as entries:  # many times faster than Path.rglob
                inside = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            raise RecipeError(f"{folder / place}: cannot be listed: {error.strerror}") from None
        if place and any(entry.name == MADE for entry in inside):
            continue
        deeper = []
        for entry in inside:
            name = f"{place}{entry.name}"
            if entry.name.startswith(".") or name in skip:
                continue
            if entry.is_dir():
                # A folder itself comes before links to it, whatever they are called.
                deeper.append((entry.is_symlink(), f"{name}/"))
            elif PurePath(name).suffix.lower() in suffixes and entry.is_file():
                found.append(_utf8(name, folder))
        places = [name for link, name in deeper if link] + places
        places += [name for link, name in deeper if not link]
    return sorted(found)


def by_stem(folder: Path, suffixes: Iterable[str] = PICTURES) -> dict[str, str]:
    """`stem_of` a file -> its name, for what lies directly in `folder` and is not hidden.

    {} when there is no such folder. Raises RecipeError when two differ by their suffix only.
    """
    suffixes = frozenset(suffixes)
    found: dict[str, str] = {}
    if not folder.is_dir():
        return {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.suffix.lower() not in suffixes:
            continue
        other = found.setdefault(stem_of(path), _utf8(path.name, folder))
        if other != path.name:
            raise RecipeError(
                f"{folder}: {other} and {path.name} have the same name; take one away"
            )
    return found


def check_unique(scenes: list[Scene], folder: Path) -> list[Scene]:
    """Return the scenes, each with a name of its own.

    Names that became one although the files' differ get a short hash of the file's, all but one
    that has stayed as it was. Raises RecipeError when two files have one name, or none is there.
    """
    if not scenes:
        raise RecipeError(f"{folder}: holds no picture or raw file that this kind of source knows")
    # Case-blind: two names that differ by case are one folder on many disks.
    shared = Counter(scene.name.lower() for scene in scenes)
    named = [
        replace(scene, name=f"{scene.name}_{_digest(_origin(scene))}")
        if shared[scene.name.lower()] > 1 and _origin(scene) != scene.name
        else scene
        for scene in scenes
    ]
    seen: dict[str, Scene] = {}
    for scene in named:
        other = seen.setdefault(scene.name.lower(), scene)
        if other is not scene:
            raise RecipeError(
                f"{folder}: {other.files[0]} and {scene.files[0]} are both called {scene.name!r}; "
                "rename one, or name the scenes in an index.tsv"
            )
    return named


def _origin(scene: Scene) -> str:
    """The name of a scene's file without its suffix, in Unicode's composed form."""
    return unicodedata.normalize("NFC", str(PurePath(scene.files[0]).with_suffix("")))


def _digest(text: str) -> str:
    return sha256(unicodedata.normalize("NFC", text).encode())[:8]


def _utf8(name: str, folder: Path) -> str:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        shown = name.encode("utf-8", "backslashreplace").decode()
        raise RecipeError(f"{folder}: the name {shown} is not UTF-8; rename the file") from None
    return name
