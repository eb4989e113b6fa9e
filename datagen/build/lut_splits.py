"""Which split a finished LUT belongs to: the lists of a recipe divided, so that no LUT is in two.

A family's members are drawn anew for every split, but files and library names are a finite list. It
is divided by what its LUTs do: two that look the same (one look at two sizes, with and without
values beyond white) stay together, and one that several blocks name is in one split for all.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import luts
from luts import library
from luts.formats import READABLE
from luts.formats.plates import SUFFIXES as PICTURES
from luts.twins import same_looks, thumb

from ..recipe.load import Recipe, RecipeError
from ..recipe.settings import SPLITS, Distort, Split

OPACITY = "file"  # the family that draws a library LUT at some opacity
# What a folder of LUTs is searched for; pictures beside them are previews, plates are named.
SUFFIXES = tuple(suffix for suffix in READABLE if suffix not in PICTURES)


@dataclass(frozen=True)
class Item:
    """A finished LUT that a block may draw: `kind` is library, file or, at an opacity, family."""

    kind: str
    name: str  # by which rows tell it
    source: str  # what `luts.load` takes


Division = Mapping[str, tuple[Item, ...]]  # by split


def divide(recipe: Recipe) -> tuple[Division, ...]:
    """Divide the finished LUTs of every block between the splits.

    Returns
    -------
    For every [[distort]] block the LUTs of each split; `shared = true` gives all to all.

    Raises
    ------
    RecipeError : a list is shorter than the splits it is to be divided between
    """
    splits, shares = _shares(recipe.split)
    blocks = [items(recipe, block) for block in recipe.distort]
    keys = _content({item.source for block in blocks for item in block})
    assigned: dict[str, str] = {}
    divided: dict[int, Division] = {}
    # The shortest list chooses first: what it leaves is enough for the others.
    for place in sorted(range(len(blocks)), key=lambda k: len({keys[i.source] for i in blocks[k]})):
        found, where = blocks[place], f"{recipe.path}: [[distort]] {place + 1}"
        if recipe.distort[place].shared or not found:
            divided[place] = dict.fromkeys(SPLITS, found)
            continue
        ranked = sorted({keys[item.source] for item in found}, key=lambda k: _rank(recipe.seed, k))
        if len(ranked) < len(splits):
            raise RecipeError(
                f"{where}: {len(ranked)} different LUTs cannot be divided between "
                f"{', '.join(splits)}; name more, take splits away ([split] val = 0), or say "
                "shared = true, and scores on unseen LUTs mean nothing"
            )
        _assign(ranked, assigned, dict(zip(splits, shares, strict=True)))
        parts = {
            split: tuple(item for item in found if assigned[keys[item.source]] == split)
            for split in SPLITS
        }
        if missing := [split for split in splits if not parts[split]]:
            raise RecipeError(
                f"{where}: other blocks have its LUTs in other splits, none is left for "
                f"{', '.join(missing)}; name more, or say shared = true"
            )
        divided[place] = parts
    return tuple(divided[place] for place in range(len(blocks)))


def items(recipe: Recipe, block: Distort) -> tuple[Item, ...]:
    """The finished LUTs that a block names, files found and folders opened."""
    found = [Item("library", name, name) for name in block.library]
    found += [Item("file", Path(path).name, path) for path in lut_files(recipe.path, block.files)]
    if OPACITY in block.families:
        found += [Item("family", name, name) for name in library.names()]
    return tuple(found)


@functools.cache
def lut_files(recipe_path: str, named: tuple[str, ...]) -> tuple[str, ...]:
    """The LUT files meant by `files`: paths, folders and patterns such as "looks/*.cube".

    Relative ones are looked for beside the recipe first, then where the command runs.

    Raises
    ------
    RecipeError : nothing is there, or two files have one name, by which rows would tell them
    """
    found: list[Path] = []
    for text in named:
        places = [Path(recipe_path).parent / text, Path(text)]
        paths = next((hits for place in places if (hits := _expand(place))), None)
        if paths is None:
            raise RecipeError(f"{recipe_path}: [[distort]] files: {text}: no such file")
        found += paths
    first: dict[str, Path] = {}
    for path in found:
        other = first.setdefault(path.name, path)
        if other != path:
            raise RecipeError(
                f"{recipe_path}: [[distort]] files: {other} and {path} have the same file name, by "
                "which rows would tell them"
            )
    return tuple(str(path) for path in first.values())


def _expand(place: Path) -> list[Path]:
    """A file, the LUTs of a folder, or the files that a pattern matches, in a fixed order."""
    if place.is_file():
        return [place]
    pattern = str(place)
    if place.is_dir():
        return sorted(path for path in place.iterdir() if path.suffix.lower() in SUFFIXES)
    if not set("*?[") & set(pattern):
        return []
    return sorted(path for path in Path(place.anchor).glob(_relative(place)) if path.is_file())


def _relative(place: Path) -> str:
    return str(place.relative_to(place.anchor))


def _shares(split: Split) -> tuple[list[str], list[float]]:
    """The splits that get scenes by the recipe, and how many of them."""
    sizes = {name: float(getattr(split, name)) for name in SPLITS}
    if split.by == "list":
        sizes = {name: float(bool(getattr(split, f"{name}_list"))) for name in SPLITS}
    used = {name: size for name, size in sizes.items() if size > 0}
    total = sum(used.values())
    return list(used), [size / total for size in used.values()]


def _content(sources: set[str]) -> dict[str, str]:
    """A key per LUT by what it does; LUTs that differ by less than one 8-bit level share it."""
    found = {source: luts.load(source) for source in sorted(sources)}
    groups = same_looks({source: thumb(lut) for source, lut in found.items()})
    return {
        source: min(luts.table_hash(found[name]) for name in group)
        for group in groups
        for source in group
    }


def _rank(seed: int, key: str) -> bytes:
    return hashlib.blake2b(f"{seed}/lut/{key}".encode(), digest_size=8).digest()


def _assign(ranked: Sequence[str], assigned: dict[str, str], shares: Mapping[str, float]) -> None:
    """Give every new key to a split: each one first, then to whichever is furthest behind."""
    have = {split: sum(assigned.get(key) == split for key in ranked) for split in shares}
    for key in ranked:
        if key in assigned:
            continue
        behind = {split: shares[split] * len(ranked) - have[split] for split in shares}
        split = max(shares, key=lambda name: (have[name] == 0, behind[name]))
        assigned[key] = split
        have[split] += 1
