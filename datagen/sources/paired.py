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
        An input has no reference, or a reference no input.
    """
    known = {name: by_stem(folder / place) for name, place in references.items()}
    found = by_stem(folder / inputs)
    wanted = {rename(stem) for stem in found}
    for name, place in references.items():
        if unmatched := sorted(wanted ^ known[name].keys()):
            raise RecipeError(
                f"{folder}: {inputs} and {place} do not pair up: {unmatched[0]!r} is in one only"
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
        for stem, file in found.items()
    ]
