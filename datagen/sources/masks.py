"""The masks of a plain folder: files by stem, folders of several, and COCO annotations.

segmentations/<stem>.png             one mask
segmentations/<stem>/*.png           several, in the order of their names
segmentations/*.json                 COCO: an annotation belongs to the picture of its file_name
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..recipe.load import RecipeError
from ..recipe.settings import Source
from ..regions.coco import Annotation, chosen, read_coco
from ..regions.mask_file import MaskError
from .scene import MASKS, by_stem, list_files

PLACE = "segmentations"
Annotated = Mapping[str, tuple[tuple[str, Annotation], ...]]  # stem -> (file, annotation)


def files_of_masks(folder: Path) -> dict[str, tuple[str, ...]]:
    """Stem of a picture -> its mask files, below the source's folder."""
    found: dict[str, tuple[str, ...]]
    found = {stem: (f"{PLACE}/{name}",) for stem, name in by_stem(folder / PLACE, MASKS).items()}
    if not (folder / PLACE).is_dir():
        return found
    for path in sorted((folder / PLACE).iterdir()):
        if path.is_dir() and not path.name.startswith("."):
            files = tuple(f"{PLACE}/{path.name}/{name}" for name in list_files(path, MASKS))
            if files and path.name in found:
                raise RecipeError(
                    f"{folder / PLACE}: {path.name} is a mask and a folder of masks; take one away"
                )
            found |= {path.name: files} if files else {}
    return found


def coco_annotations(folder: Path) -> Annotated:
    """Stem of a picture -> its annotations in the COCO files of the source.

    Raises RecipeError for a file that cannot be read.
    """
    found: dict[str, tuple[tuple[str, Annotation], ...]] = {}
    for path in sorted((folder / PLACE).glob("*.json")):
        try:
            known = read_coco(path)
        except MaskError as error:
            raise RecipeError(str(error)) from None
        for stem, some in known.by_picture.items():
            found[stem] = found.get(stem, ()) + tuple((f"{PLACE}/{path.name}", a) for a in some)
    return found


def masks_of(
    stem: str, files: Mapping[str, tuple[str, ...]], annotated: Annotated, source: Source
) -> tuple[str, ...]:
    """References to the masks of one picture: files first, else annotations of wanted classes.

    With `instance = "largest"` only the annotation of the largest area is taken.
    """
    if stem in files:
        return files[stem]
    some = annotated.get(stem, ())
    wanted = chosen([annotation for _, annotation in some], source.classes)
    if source.instance == "largest" and wanted:
        wanted = [max(wanted, key=lambda annotation: annotation.area)]
    keep = {annotation.id for annotation in wanted}
    return tuple(f"{file}#{annotation.id}" for file, annotation in some if annotation.id in keep)
