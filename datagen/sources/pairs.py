"""Plain pairs: a folder of inputs beside one or more folders of what they should look like.

    input/0001.png           target/0001.png
    input/kitchen/a.jpg      target/kitchen/a.png      sub-folders are groups: no split divides them
    train/low/...            train/high/...            with train, val, test above: the set's split

Which folder holds the inputs is told by its name, one of INPUTS, or by `inputs` in a recipe; every
other folder beside it is a reference, called by its name. Files pair by folder and stem. Exposures
are not known, unless names end in one as MSEC's do (_N1.5, _0, _P1): such inputs are one scene.
An input without its target is one failed scene; the others are made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from ..recipe.load import RecipeError
from ..recipe.settings import SPLITS, Source
from .msec import exposure_of
from .scene import PICTURES, Scene, check_unique, list_files, safe_name

INPUTS = (
    *("input", "inputs", "low", "source", "degraded", "raw", "lq", "trainA", "testA", "A"),
    *("before", "bad", "distorted", "underexposed", "overexposed"),
)
PARTS = {
    **{split: split for split in SPLITS},
    **{"validation": "val", "eval": "test", "testing": "test", "training": "train"},
}


def read_pairs(source: Source, folder: Path) -> list[Scene]:
    """The scenes of all parts, in the order of their names.

    Raises
    ------
    RecipeError
        No folder of inputs, several that may be it, or no folder of targets beside it.
    """
    parts = [
        (path.name, PARTS[path.name.lower()])
        for path in _folders(folder)
        if path.name.lower() in PARTS
    ]
    scenes: list[Scene] = []
    for part, split in parts or [("", "")]:
        scenes += _part(source, folder, part, split)
    return check_unique(scenes, folder)


def _part(source: Source, folder: Path, part: str, split: str) -> list[Scene]:
    names = [path.name for path in _folders(folder / part)]
    inputs = _inputs(source, folder / part, names)
    targets = [name for name in names if name != inputs]
    if not targets:
        raise RecipeError(
            f"{folder / part}: has no folder beside {inputs!r}; put what the pictures should look "
            "like there, such as target/"
        )
    known = {name: _by_place(folder / part / name) for name in targets}
    prefix = f"{part}/" if part else ""
    scenes = []
    for place, shots in _shots(_by_place(folder / part / inputs), known[targets[0]]).items():
        references = tuple(
            (safe_name(name), f"{prefix}{name}/{known[name].get(place, place + '.png')}")
            for name in targets
            if place in known[name] or len(targets) == 1
        )
        group = str(PurePosixPath(place).parent)
        scenes.append(
            Scene(
                name=safe_name(f"{part}_{place}" if part else place),
                inputs=tuple((ev, f"{prefix}{inputs}/{file}") for ev, file in shots),
                references=references or ((safe_name(targets[0]), f"{targets[0]}/{place}.png"),),
                group="" if group == "." else f"{prefix}{group}",
                split=split,
                licence=source.licence,
            )
        )
    return scenes


def _inputs(source: Source, folder: Path, names: Sequence[str]) -> str:
    if source.inputs:
        if source.inputs not in names:
            raise RecipeError(f"{folder}: has no folder {source.inputs!r}, as [source] inputs says")
        return source.inputs
    known = {name.lower() for name in INPUTS}
    found = [name for name in names if name.lower() in known]
    if len(found) == 1:
        return found[0]
    if not names:
        raise RecipeError(f"{folder}: is not laid out as pairs: it has no folders")
    what = (
        f"several folders may hold the inputs: {', '.join(found)}"
        if found
        else (f"no folder of inputs, by its name; there are {', '.join(names) or 'none'}")
    )
    raise RecipeError(f"{folder}: {what}; name it with --set source.inputs=NAME")


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(
        path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
    )


def _by_place(folder: Path) -> dict[str, str]:
    """Folder and stem of every picture -> its file; two that differ by their ending are refused."""
    found: dict[str, str] = {}
    for file in list_files(folder, PICTURES):
        place = str(PurePosixPath(file).with_suffix(""))
        other = found.setdefault(place, file)
        if other != file:
            raise RecipeError(f"{folder}: {other} and {file} have the same name; take one away")
    return found


def _shots(
    inputs: dict[str, str], targets: dict[str, str]
) -> dict[str, list[tuple[float | None, str]]]:
    """Place of the target -> its inputs by EV, in the order of their exposure."""
    shots: dict[str, list[tuple[float | None, str]]] = defaultdict(list)
    for place, file in inputs.items():
        found = exposure_of(PurePosixPath(place).name)
        if found is not None and place not in targets:
            scene = str(PurePosixPath(place).with_name(found[0]))
            if scene in targets:
                shots[scene].append((found[1], file))
                continue
        shots[place].append((None, file))
    return {place: sorted(found, key=lambda shot: shot[0] or 0) for place, found in shots.items()}
