"""The references of a scene that a recipe asks for: experts' files, and those that are made."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from ..develop.auto_exposure import MAX_EV
from ..develop.plausible import (
    ENLARGED,
    exposure_note,
    no_evidence,
    reference_notes,
)
from ..images.align import align_to
from ..images.codes import quantise, to_float
from ..images.files import upright
from ..images.resample import resize as resample
from ..raw.read import read_thumbnail
from ..recipe.load import Recipe
from ..references import REFERENCES, make, wanted_of
from ..references.light_file import LightError, read_light
from ..references.material import Made, Material
from ..sources.scene import RAWS, Scene
from .opened import OpenScene, OpenSceneError
from .pictures import read_encoded


def wanted_references(scene: Scene, recipe: Recipe) -> list[str]:
    """Name the references the recipe asks for that the scene may have."""
    return wanted_of(recipe.source.references, (name for name, _ in scene.references))


def make_references(
    scene: Scene, folder: Path, recipe: Recipe, opened: OpenScene
) -> tuple[dict[str, Made], list[str]]:
    """The references the recipe asks for, by name, aligned with the working picture; and notes.

    One that cannot be used is left out, with a note; the others stay. Raises OpenSceneError when
    none is left.
    """
    found: dict[str, Made] = {}
    notes: list[str] = []
    faults: list[OpenSceneError] = []
    bits, experts = recipe.output.bits, dict(scene.references)
    for name in wanted_references(scene, recipe):
        place = partial(_placed, opened=opened, name=name, notes=notes)
        try:
            if name in REFERENCES:
                made = make(name, _material(scene, folder, opened, bits, place))
            elif file := experts.get(name):
                made = Made(quantise(place(read_encoded(folder, file, floats=True), file), bits))
            else:
                continue
        except OpenSceneError as error:
            faults.append(error)
            notes.append(f"reference {name} is left out: {error}")
            continue
        if made is not None:
            found[name] = made
            notes += reference_notes(name, made.codes)
            notes += exposure_note(float(made.facts.get("ev", 0.0)), MAX_EV)
    if not found and faults:
        raise faults[0]
    if not found:
        wanted = ", ".join(recipe.source.references)
        raise OpenSceneError("no_reference", f"has none of the references asked for ({wanted})")
    return found, notes


def _placed(
    encoded: np.ndarray, file: str, *, opened: OpenScene, name: str, notes: list[str]
) -> np.ndarray:
    """A reference brought to the working picture; what is doubtful about it becomes a note."""
    try:
        aligned = align_to(encoded, opened.size, guide=opened.linear)
    except ValueError as error:
        raise OpenSceneError("misaligned", f"{file}: {error}") from None
    if not aligned.proven:
        notes.append(no_evidence(name, aligned.response))
    if aligned.enlarged > ENLARGED:
        notes.append(f"reference {name} is enlarged {aligned.enlarged:.1f} times")
    return aligned.encoded


def _material(
    scene: Scene,
    folder: Path,
    opened: OpenScene,
    bits: int,
    place: Callable[[np.ndarray, str], np.ndarray],
) -> Material:
    """What the references of REFERENCES may be made from."""

    def camera() -> np.ndarray | None:
        if beside := picture_beside(scene, folder):
            return place(read_encoded(folder, beside), beside)
        codes = _preview_inside(scene, folder, opened)
        return None if codes is None else place(to_float(codes), scene.path)

    known: dict[str, Any] = {
        "linear": opened.linear,
        "bits": bits,
        "tone": opened.tone,
        "camera": camera,
    }
    light = _light(scene, folder, opened.size)
    if light is not None:
        return Material(**known, light=light, light_kind="scene", white=scene.light_white)
    return Material(**known, light_kind=opened.light_kind, white=opened.white)


def _light(scene: Scene, folder: Path, size: tuple[int, int]) -> np.ndarray | None:
    """The true light of a simulated scene at working size; None where it is not known so finely."""
    if not scene.light:
        return None
    try:
        light = read_light(folder / scene.light)
    except LightError as error:
        reason = str(error).replace(str(folder / scene.light), scene.light)
        raise OpenSceneError("corrupt", reason) from None
    height, width = light.shape[:2]
    if abs(width * size[0] - height * size[1]) > max(width, height):
        raise OpenSceneError(
            "misaligned",
            f"{scene.light}: {width} x {height} pixels do not have the shape of the picture, "
            f"{size[1]} x {size[0]}",
        )
    if max(height, width) < max(size):
        return None
    return (
        light if light.shape[:2] == tuple(size) else np.asarray(resample(light, size), np.float32)
    )


def picture_beside(scene: Scene, folder: Path) -> str:
    """The JPEG a camera wrote beside a raw, by its name in the source; "" without one."""
    path = PurePosixPath(scene.path)
    if path.suffix.lower() not in RAWS:
        return ""
    beside = (path.with_suffix(suffix) for suffix in (".jpg", ".JPG", ".jpeg", ".JPEG"))
    return next((str(name) for name in beside if (folder / name).is_file()), "")


def _preview_inside(scene: Scene, folder: Path, opened: OpenScene) -> np.ndarray | None:
    """The camera's own picture inside a raw, upright; None without one."""
    path = folder / scene.path
    if not scene.path or path.suffix.lower() not in RAWS:
        return None
    codes = read_thumbnail(path)
    return None if codes is None else upright(codes, opened.orientation)
