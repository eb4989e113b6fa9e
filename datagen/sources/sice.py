"""SICE: numbered folders of JPEGs beside a folder `Label`; exposures by their EXIF, else measured.

The pictures have been through cameras' curves, so they enter as they are: no light can be merged
from them. Exposures come from their EXIF, relative to the middle one; where a series has none they
are measured, as the median ratio of decoded sRGB, and the tone curves are in that figure.

References
----------
Cai, Gu & Zhang, "Learning a deep single image contrast enhancer from multi-exposure images", IEEE
TIP 27(4), 2018: folders Dataset_Part1 and Dataset_Part2, each with numbered series and `Label`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from luts.colour.transfer import decode_srgb

from ..recipe.load import RecipeError
from ..recipe.settings import Source
from .exif import read_capture
from .scene import Scene, by_stem, check_unique, safe_name

LABELS = "Label"
DARKEST, BRIGHTEST = 0.05, 0.95  # encoded; pixels outside it in one of two shots are not compared
SMALL = 256  # pixels of the longer side that exposures are measured on


def read_sice(source: Source, folder: Path) -> list[Scene]:
    """All series below the folder that lie beside a folder `Label`, in the order of their names."""
    scenes: list[Scene] = []
    for labels in sorted(path for path in folder.glob("**/*") if path.name.lower() == "label"):
        known = by_stem(labels)
        beside = sorted(path for path in labels.parent.iterdir() if path.is_dir())
        scenes.extend(
            _scene(source, folder, series, shots, known.get(series.name), labels)
            for series in beside
            if series != labels and (shots := by_stem(series))
        )
    if not scenes:
        raise RecipeError(f"{folder}: is not laid out as SICE: no series beside a folder {LABELS}")
    return check_unique(scenes, folder)


def _scene(
    source: Source,
    folder: Path,
    series: Path,
    shots: dict[str, str],
    label: str | None,
    labels: Path,
) -> Scene:
    place = series.relative_to(folder).as_posix()
    names = [shots[stem] for stem in sorted(shots, key=lambda stem: (len(stem), stem))]
    evs = exposures([series / name for name in names])
    reference = (("label", f"{labels.relative_to(folder).as_posix()}/{label}"),) if label else ()
    return Scene(
        name=safe_name(place),
        inputs=tuple(zip(evs, (f"{place}/{name}" for name in names), strict=True)),
        references=reference,
        licence=source.licence,
    )


def exposures(paths: Sequence[Path]) -> list[float]:
    """Stops of each shot from the middle one, to a tenth; no two the same.

    By their EXIF, or, unless all say it, by what is in them.
    """
    known = [read_capture(path).exposure for path in paths]
    if all(known):
        stops = np.log2(np.array(known, float))
    else:
        stops = np.cumsum([0.0, *(_apart(one, two) for one, two in pairwise(paths))])
    middle = sorted(stops)[(len(stops) - 1) // 2]
    found: list[float] = []
    for value in np.round(stops - middle, 1) + 0.0:
        while value in found:
            value = round(value + 0.1, 1)
        found.append(float(value))
    return found


def _apart(dark: Path, bright: Path) -> float:
    """Median of log2 of the ratio of two shots' light, over pixels that are cut off in neither."""
    one, two = _small(dark), _small(bright)
    if one.shape != two.shape:
        raise RecipeError(f"{bright}: has not the size of {dark.name}")
    usable = (np.minimum(one, two) > DARKEST) & (np.maximum(one, two) < BRIGHTEST)
    if not usable.any():
        return 1.0
    return float(np.median(np.log2(decode_srgb(two[usable]) / decode_srgb(one[usable]))))


def _small(path: Path) -> np.ndarray:
    """The grey picture at a small size, encoded in [0, 1]; JPEGs are decoded at that size."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            image.draft("L", (SMALL, SMALL))
            image.thumbnail((SMALL, SMALL))
            return np.asarray(image.convert("L"), np.float32) / 255
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read: {' '.join(str(error).split())}") from None
