"""The mattes of a scene at working size: what its region maps may follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..images.resample import resize as resample
from ..recipe.settings import Source
from ..regions.coco import decode, read_coco
from ..regions.mask_file import MaskError, MaskFile, read_mask


class MatteError(Exception):
    """A mask that cannot be used; status is one word for a manifest row."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def read_matte(reference: str, folder: Path, source: Source, size: tuple[int, int]) -> MaskFile:
    """Read one mask and bring it to a picture's size.

    Parameters
    ----------
    reference : a file of the source, or an annotation, "file.json#id"
    size : height and width

    Raises
    ------
    MatteError : missing, not to be told, of another shape, or lost when shrunk
    """
    file, annotation, number = reference.partition(".json#")
    path = folder / (file + ".json" if annotation else reference)
    try:
        if annotation:
            mask = _annotated(path, number, reference)
        else:
            mask = read_mask(path, classes=source.classes, instance=source.instance)
    except MaskError as error:
        status = "no_mask" if path.exists() else "unreadable"
        raise MatteError(status, str(error).replace(f"{folder}/", "")) from None
    height, width = mask.matte.shape
    if abs(width * size[0] - height * size[1]) > max(width, height):
        raise MatteError(
            "misaligned",
            f"{reference}: {width} x {height} pixels do not have the shape of the "
            f"picture, {size[1]} x {size[0]}",
        )
    matte = np.asarray(resample(mask.matte, size), np.float32)
    if matte.max() < 0.5:
        raise MatteError(
            "no_mask", f"{reference}: its subject is lost at {size[1]} x {size[0]} pixels"
        )
    return replace(mask, matte=matte)


def _annotated(path: Path, number: str, where: str) -> MaskFile:
    known = read_coco(path).by_id
    if not number.isdigit() or int(number) not in known:
        raise MaskError(f"{where}: {path.name} has no annotation of that id")
    one = known[int(number)]
    return MaskFile(np.asarray(decode(one, where), np.float32), f"annotation of {one.category}")


def union(mattes: Sequence[MaskFile]) -> MaskFile:
    """All of several mattes as one."""
    if len(mattes) == 1:
        return mattes[0]
    together = np.maximum.reduce([each.matte for each in mattes])
    return MaskFile(together, f"union of {len(mattes)}")
