"""LOL, low light: version 1 (`our485`, `eval15`) and version 2 (`Real_captured`, `Synthetic`).

References
----------
Wei et al., "Deep Retinex decomposition for low-light enhancement", BMVC 2018 (version 1); Yang et
al., "Sparse gradient regularized deep Retinex network", IEEE TIP 2021 (version 2).
"""

from __future__ import annotations

from pathlib import Path

from ..recipe.load import RecipeError
from ..recipe.settings import Source
from .paired import pair_up
from .scene import Scene, check_unique

# folder of the pairs, its input and reference folders, split
PARTS = (
    ("our485", "low", "high", "train"),
    ("eval15", "low", "high", "test"),
    ("Real_captured/Train", "Low", "Normal", "train"),
    ("Real_captured/Test", "Low", "Normal", "test"),
    ("Synthetic/Train", "Low", "Normal", "train"),
    ("Synthetic/Test", "Low", "Normal", "test"),
)


def read_lol(source: Source, folder: Path) -> list[Scene]:
    """All pairs of the parts that are there; scenes are named after their part and file."""
    scenes = []
    for part, low, high, split in PARTS:
        if (folder / part).is_dir():
            scenes += pair_up(
                source,
                folder,
                f"{part}/{low}",
                {"reference": f"{part}/{high}"},
                split=split,
                prefix=part.replace("/", "_") + "_",
                rename=_normal,
            )
    if not scenes:
        names = ", ".join(part for part, *_ in PARTS)
        raise RecipeError(f"{folder}: is not laid out as LOL: it has none of {names}")
    return check_unique(scenes, folder)


def _normal(stem: str) -> str:
    """Version 2 calls the real pairs low00001 and normal00001."""
    return "normal" + stem[3:] if stem.startswith("low") else stem
