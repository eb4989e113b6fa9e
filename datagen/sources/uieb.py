"""UIEB, underwater pictures: `raw-890/` and `reference-890/`, files paired by name.

References
----------
Li et al., "An underwater image enhancement benchmark dataset and beyond", IEEE TIP 2020.
"""

from __future__ import annotations

from pathlib import Path

from ..recipe.load import RecipeError
from ..recipe.settings import Source
from .paired import pair_up
from .scene import Scene, check_unique


def read_uieb(source: Source, folder: Path) -> list[Scene]:
    """The 890 pairs in the order of their names; the set has no split of its own."""
    for part in ("raw-890", "reference-890"):
        if not (folder / part).is_dir():
            raise RecipeError(f"{folder}: is not laid out as UIEB: no folder {part}")
    scenes = pair_up(source, folder, "raw-890", {"reference": "reference-890"})
    return check_unique(scenes, folder)
