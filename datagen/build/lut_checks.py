"""The distortions of a recipe before anything is built: names that exist, splits that have some."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path

import luts
from luts import families, library
from luts.fidelity import fidelity
from luts.tool.outside import code_digest, is_outside, short
from luts.tool.words import nearest
from luts.units import doubts, refuse_useless

from ..recipe.load import Recipe, RecipeError
from .distort import at_hand, bake, through
from .lut_splits import OPACITY, divide, lut_files


def check_names(recipe: Recipe) -> dict[str, str]:
    """Look up every family, library LUT and file that a recipe names, and divide them by split.

    Returns the table hashes of its LUT files, and those of code from outside, which are part of
    what the recipe means. Raises RecipeError for a name that does not exist or a list too short to
    divide, LutFormatError for a damaged file.
    """
    hashes: dict[str, str] = {}
    for number, distort in enumerate(recipe.distort, start=1):
        where = f"{recipe.path}: [[distort]] {number}"
        for name in distort.library:
            if name not in library.names():
                raise RecipeError(f"{where} library: no {name!r}{nearest(name, library.names())}")
        try:
            at_hand(distort)
        except families.DistortionError as error:
            raise RecipeError(f"{where} families: {error}") from None
        for file in lut_files(recipe.path, distort.files):
            lut = luts.load(file)
            refuse_useless(lut, file)
            digest = luts.table_hash(lut)
            if hashes.setdefault(Path(file).name, digest) != digest:
                raise RecipeError(f"{where} files: two LUTs are called {Path(file).name}")
    for spec in (
        recipe.source.kind,
        *(name for block in recipe.distort for name in block.families),
    ):
        if is_outside(spec):
            hashes[short(spec)] = code_digest(spec)
    divide(recipe)
    return hashes


def check_splits(recipe: Recipe, used: Iterable[str]) -> None:
    """Refuse a recipe whose source puts scenes into a split that has no LUT of some block."""
    for number, (distort, part) in enumerate(zip(recipe.distort, divide(recipe), strict=True), 1):
        named = distort.library or distort.files or OPACITY in distort.families
        for split in sorted(set(used)):
            if named and not part[split]:
                raise RecipeError(
                    f"{recipe.path}: [[distort]] {number}: has no LUT for {split}, to which the "
                    f"source gives scenes; [split] {split} must be above 0, or shared = true"
                )


def lut_notes(recipe: Recipe) -> list[str]:
    """What is worth knowing about the LUT files of a recipe before it is built, a line each."""
    notes = []
    for distort in recipe.distort:
        for file in lut_files(recipe.path, distort.files):
            lut = luts.load(file)
            notes += [f"{file}: {doubt.text}" for doubt in doubts(lut)]
            layer = functools.partial(luts.apply, lut)
            found = fidelity(functools.partial(through, (layer,)), bake((layer,), distort.lut_size))
            if found.lossy:
                notes.append(
                    f"{file}: pictures go through it as it is; stored at {distort.lut_size} nodes "
                    f"it is off by {found} (lut_size)"
                )
    return notes
