"""Splits by files of names, such as the lists that go with FiveK and PPR10K in published code.

A list holds one name per line: of a file with or without its folder and ending, or of a scene. Case
does not matter, `#` begins a comment, and of a line with several words the first counts, since some
lists pair an input with its target. Names may be any of these in one list:

    a0001-jmac_DSC1459      raw/a0001-jmac_DSC1459.dng      0_3.tif      scene name of an index
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from luts.tool.files import read_plain
from luts.tool.words import nearest, shown

from ..recipe.load import RecipeError
from ..sources.scene import Scene

MOST_SHOWN = 3  # names quoted in a note


def by_lists(
    lists: Mapping[str, Path], scenes: Sequence[Scene]
) -> tuple[list[str], tuple[str, ...]]:
    """The split of every scene, "" for one that no list names; and notes.

    Parameters
    ----------
    lists : split -> file

    Raises
    ------
    RecipeError
        A list that is missing, is no text or names nothing that is there; a name in two lists; a
        name that two scenes answer to.
    """
    known = _names(scenes)
    splits, notes = [""] * len(scenes), []
    for split, path in lists.items():
        unknown, found = [], 0
        for line, name in read_list(path):
            index = known.get(_key(name), known.get(_stem(name)))
            if index is None:
                unknown.append(name)
                continue
            if index < 0:
                raise RecipeError(f"{path}:{line}: {shown(name)} is the name of several scenes")
            if splits[index] not in ("", split):
                raise RecipeError(
                    f"{path}:{line}: {shown(name)} is in {splits[index]} already, by its list"
                )
            found += splits[index] != split
            splits[index] = split
        if not found:
            raise RecipeError(f"{path}: names no scene of the source{_first(unknown, known)}")
        if unknown:
            notes.append(f"{path}: {len(unknown)} of its names are not there: {_some(unknown)}")
    left = [scene.name for scene, split in zip(scenes, splits, strict=True) if not split]
    if left:
        notes.append(f"{len(left)} scenes are in no list and left out: {_some(left)}")
    return splits, tuple(notes)


def read_list(path: Path) -> Iterator[tuple[int, str]]:
    """Line numbers and names; raises RecipeError when there is no such text file."""
    try:
        text = read_plain(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}: not UTF-8 text (byte {error.start})") from None
    except OSError as error:
        raise RecipeError(f"{path}: {error.strerror or error}; it is a list of the split") from None
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].replace(",", " ").replace("\t", " ").split()
        if words:
            yield number, words[0]


def _names(scenes: Sequence[Scene]) -> dict[str, int]:
    """Every name a scene answers to -> its index; -1 where several do."""
    known: dict[str, int] = {}
    for index, scene in enumerate(scenes):
        for name in {
            _key(scene.name),
            *(form for file in scene.files for form in (_key(file), _stem(file))),
        }:
            known[name] = index if known.get(name, index) == index else -1
    return known


def _key(name: str) -> str:
    return name.replace("\\", "/").removeprefix("./").lower()


def _stem(name: str) -> str:
    """Without folder, and without an ending that is no part of the name."""
    last = PurePosixPath(_key(name)).name
    stem, dot, suffix = last.rpartition(".")
    return stem if dot and 2 <= len(suffix) <= 5 and suffix.isalnum() else last


def _first(unknown: Sequence[str], known: Mapping[str, int]) -> str:
    """The end of a refusal: the first name of a list, and the nearest that would be known."""
    if not unknown:
        return ": it is empty"
    name = unknown[0]
    return f"; the first is {shown(name)}{nearest(_stem(name), _close(name, known))}"


def _close(name: str, known: Mapping[str, int]) -> list[str]:
    """Known names that begin alike: all that a suggestion needs to look through."""
    begins = _stem(name)[:2]
    return [each for each in known if each.startswith(begins)][:1000] or list(known)[:3]


def _some(names: Iterable[str]) -> str:
    names = list(names)
    rest = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    return ", ".join(map(shown, names[:MOST_SHOWN])) + rest
