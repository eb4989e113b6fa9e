"""Opens a scene: its light, its references, its mattes, and which files it was made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from luts.tool.files import sha256_file
from luts.tool.gate import plain_text

from ..dataset.rows import SourceFile
from ..develop.plausible import (
    scene_notes,
)
from ..recipe.load import Recipe
from ..regions.mask_file import MaskFile
from ..regions.shapes import follows_segmentation
from ..sources.scene import Scene
from .light import open_light
from .mattes import MatteError, read_matte, union
from .opened import OpenScene, OpenSceneError
from .scene_references import make_references, picture_beside, wanted_references


def open_scene(scene: Scene, folder: Path, recipe: Recipe) -> OpenScene:
    """Read everything that a scene's samples need.

    Raises
    ------
    OpenSceneError
        A file is missing, damaged, not supported, or does not match the others; the status is one
        of the raw reader's, or unreadable, misaligned, no_reference.
    """
    source = _source_file(scene, folder, recipe)
    opened = open_light(scene, folder, recipe)
    references, notes = make_references(scene, folder, recipe, opened)
    notes = [*scene_notes(opened.linear), *notes]
    mattes = _mattes(scene, folder, recipe, opened.size)
    made = {name: dict(reference.facts) for name, reference in references.items()}
    facts = {
        **opened.facts,
        "references_made": {name: known for name, known in made.items() if known},
    }
    return replace(
        opened,
        references=references,
        mattes=mattes,
        centre=scene.centre,
        source=source,
        facts=facts,
        notes=tuple(plain_text(note) for note in notes),
    )


def _source_file(scene: Scene, folder: Path, recipe: Recipe) -> SourceFile:
    """The picture's path, origin and hash, and the hashes of all else the scene is made of."""
    name, *others = scene.files
    wanted = wanted_references(scene, recipe)
    others += [path for name, path in scene.references if name in wanted]
    others += [path.partition("#")[0] for path in (*scene.masks, scene.light) if path]
    if "camera" in wanted and (beside := picture_beside(scene, folder)):
        others.append(beside)
    try:
        digest, size = sha256_file(folder / name), (folder / name).stat().st_size
        there = [path for path in others if (folder / path).is_file()]  # what is not is told later
        hashes = {plain_text(path): sha256_file(folder / path) for path in there}
    except OSError as error:
        reason = f"{Path(error.filename).relative_to(folder).as_posix()}: {error.strerror}"
        raise OpenSceneError("unreadable", reason) from None
    if scene.sha256 and scene.sha256 != digest:
        raise OpenSceneError("corrupt", f"{name}: its SHA-256 is not the one in the index")
    return SourceFile(plain_text(name), digest, size, plain_text(scene.origin), hashes)


def _mattes(
    scene: Scene, folder: Path, recipe: Recipe, size: tuple[int, int]
) -> list[MaskFile | MatteError]:
    """The mattes the samples follow, or why one cannot be used; none where no block wants one."""
    if not scene.masks or not any(follows_segmentation(block.shape) for block in recipe.mask):
        return []
    found: list[MaskFile | MatteError] = []
    for reference in scene.masks:
        try:
            found.append(read_matte(reference, folder, recipe.source, size))
        except MatteError as error:
            if recipe.source.masks == "union" or len(scene.masks) == 1:
                raise OpenSceneError(error.status, str(error)) from None
            found.append(error)
    if recipe.source.masks == "union":
        return [union([each for each in found if isinstance(each, MaskFile)])]
    return found
