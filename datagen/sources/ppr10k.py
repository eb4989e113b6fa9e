"""PPR10K, portraits: `<group>_<number>` in `source` or `raw`, `target_a` ..., `masks`; any depth.

Files are called <group>_<number>. Looked for anywhere below the source's folder, such as in the
train/ and val/ of the pictures at 360 pixels:

    source/ or raw/                         the inputs: 16-bit TIFFs, or the raws
    target_a/ target_b/ target_c/           the experts
    masks/, masks_360p/ or masks_full/      white = the person

Groups 0 to 1355 are for training and the others for testing, as the authors divide them.

References
----------
Liang et al., "PPR10K: A large-scale portrait photo retouching dataset with human-region mask and
group-level consistency", CVPR 2021: 1,681 groups, 1,356 of them for training.
"""

from __future__ import annotations

import re
from pathlib import Path

from ..recipe.load import RecipeError
from ..recipe.settings import Source
from .scene import PICTURES, RAWS, Scene, check_unique, list_files, safe_name, stem_of

FIRST_TEST_GROUP = 1356
INPUTS, MASKS = ("source", "raw"), ("masks", "masks_360p", "masks_full")
TARGETS = {"target_a": "a", "target_b": "b", "target_c": "c"}
NAME = re.compile(r"(?P<group>\d+)_(?P<number>\d+)")


def read_ppr10k(source: Source, folder: Path) -> list[Scene]:
    """The portraits by group and number; a group never crosses a split."""
    found: dict[str, dict[str, str]] = {}
    for path in list_files(folder, PICTURES | RAWS):
        place, stem = Path(path).parent.name, stem_of(path)
        if NAME.fullmatch(stem):
            found.setdefault(place, {})[stem] = path
    inputs = next((found[place] for place in INPUTS if place in found), {})
    if not inputs:
        raise RecipeError(
            f"{folder}: is not laid out as PPR10K: no <group>_<number> files in a folder called "
            "source or raw"
        )
    masks = next((found[place] for place in MASKS if place in found), {})
    scenes = []
    for stem in sorted(inputs, key=_order):
        group, _ = _order(stem)
        scenes.append(
            Scene(
                name=safe_name(stem),
                path=inputs[stem],
                references=tuple(
                    (expert, found[place][stem])
                    for place, expert in TARGETS.items()
                    if stem in found.get(place, {})
                ),
                masks=(masks[stem],) if stem in masks else (),
                group=f"group{group:04d}",
                split="train" if group < FIRST_TEST_GROUP else "test",
                licence=source.licence,
            )
        )
    return check_unique(scenes, folder)


def _order(stem: str) -> tuple[int, int]:
    match = NAME.fullmatch(stem)
    return (int(match["group"]), int(match["number"])) if match else (0, 0)
