"""The published renders of MSEC: `training/INPUT_IMAGES/<name>_N1.5.JPG` ..., experts' references.

    training/INPUT_IMAGES/<name>_N1.5.JPG ...   training/GT_IMAGES/<name>.jpg
    validation/INPUT_IMAGES, GT_IMAGES          the same
    testing/INPUT_IMAGES                        testing/expert_a_testing_set ... expert_e_...

The exposure stands in the file's suffix: _N1.5 _N1 _0 _P1 _P1.5. The references of training and
validation are by expert C.

References
----------
Afifi et al., "Learning multi-scale photo exposure correction", CVPR 2021: 17,675 inputs for
training, 750 for validation, 5,905 for testing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from ..recipe.load import RecipeError
from ..recipe.settings import Source
from .scene import Scene, by_stem, check_unique, safe_name

SPLITS = {"training": "train", "validation": "val", "testing": "test"}
EXPERTS = "abcde"
SUFFIX = re.compile(r"(?P<name>.+)_(?P<sign>[NP]?)(?P<stops>\d+(?:\.\d+)?)")


def read_msec(source: Source, folder: Path) -> list[Scene]:
    """The scenes with their ready exposures, by split and name."""
    scenes: list[Scene] = []
    for part, split in SPLITS.items():
        inputs = by_stem(folder / part / "INPUT_IMAGES")
        experts = _experts(folder / part)
        for name, exposures in _by_scene(inputs, folder / part).items():
            references = tuple(
                (expert, f"{part}/{place}/{files[name]}")
                for expert, (place, files) in experts.items()
                if name in files
            )
            if not references:  # plan and build tell of its exposures
                continue
            scenes.append(
                Scene(
                    name=safe_name(name),
                    inputs=tuple(
                        (ev, f"{part}/INPUT_IMAGES/{file}") for ev, file in sorted(exposures)
                    ),
                    references=references,
                    split=split,
                    licence=source.licence,
                )
            )
    if not scenes:
        raise RecipeError(
            f"{folder}: is not laid out as MSEC: no pictures in training/INPUT_IMAGES, "
            "validation/INPUT_IMAGES or testing/INPUT_IMAGES"
        )
    return check_unique(scenes, folder)


def exposure_of(stem: str) -> tuple[str, float] | None:
    """Name and EV of an input's stem, such as a0001_N1.5; None when it has no such suffix."""
    match = SUFFIX.fullmatch(stem)
    if match is None:
        return None
    stops = float(match["stops"])
    return match["name"], -stops if match["sign"] == "N" else stops


def _by_scene(inputs: dict[str, str], folder: Path) -> dict[str, list[tuple[float, str]]]:
    scenes: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for stem, file in inputs.items():
        found = exposure_of(stem)
        if found is None:
            raise RecipeError(
                f"{folder / 'INPUT_IMAGES' / file}: no exposure in its name; "
                "known are _N1.5 _N1 _0 _P1 _P1.5"
            )
        name, ev = found
        scenes[name].append((ev, file))
    return scenes


def _experts(folder: Path) -> dict[str, tuple[str, dict[str, str]]]:
    """Expert -> folder name and its files by stem."""
    places = {expert: f"expert_{expert}_testing_set" for expert in EXPERTS}
    found = {expert: (place, by_stem(folder / place)) for expert, place in places.items()}
    found = {expert: entry for expert, entry in found.items() if entry[1]}
    return found or {"c": ("GT_IMAGES", by_stem(folder / "GT_IMAGES"))}
