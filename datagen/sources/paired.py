"""Folders whose files pair up by name: the input, and what it should look like."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..recipe.load import RecipeError
from ..recipe.settings import Source
from .scene import Scene, by_stem, safe_name


def pair_up(
    source: Source,
    folder: Path,
    inputs: str,
    references: dict[str, str],
    *,
    split: str = "",
    prefix: str = "",
    rename: Callable[[str], str] = lambda stem: stem,
) -> list[Scene]:
    """The scenes of one folder of inputs; their exposure is not known.

    An input without a reference, or a reference without an input, is left out; plan and build tell
    (see `datagen.sources.matching`).

    Parameters
    ----------
    folder : the source's folder
    inputs : sub-folder of the inputs
    references : name -> sub-folder
    prefix : put before every scene's name, when several folders count from one
    rename : stem of an input -> stem of its references

    Raises
    ------
    RecipeError
        None has a pair.
    """
    known = {name: by_stem(folder / place) for name, place in references.items()}
    found = by_stem(folder / inputs)
    paired = {
        stem: file
        for stem, file in found.items()
        if all(rename(stem) in files for files in known.values())
    }
    if found and not paired:
        places = ", ".join(references.values())
        raise RecipeError(
            f"{folder}: no file of {inputs} has one of the same name in {places}; "
            f"the first is {next(iter(found.values()))}"
        )
    return [
        Scene(
            name=safe_name(prefix + stem),
            inputs=((None, f"{inputs}/{file}"),),
            references=tuple(
                (name, f"{place}/{known[name][rename(stem)]}") for name, place in references.items()
            ),
            split=split,
            licence=source.licence,
        )
        for stem, file in paired.items()
    ]
