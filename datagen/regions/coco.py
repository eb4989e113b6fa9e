"""Masks of COCO annotation files: polygons, run lengths as lists, and packed run lengths.

A reference to one annotation is "file.json#id". Runs go down the columns of the mask and begin with
zeros; packed runs are base-32 characters, each run after the second as the difference to the one
before the last.

References
----------
Lin et al., "Microsoft COCO: common objects in context", ECCV 2014; the format as in the authors'
`maskApi.c` (rleFrString) and the data format page of the data set.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np

from luts.tool.files import read_plain
from luts.tool.words import shown

from .mask_file import MaskError

MOST_BYTES = 1 << 30
SUBPIXELS = 4  # bits below a pixel that corners of polygons are placed with
FINE = 8  # lines per pixel that polygons are drawn with, where they are not very large
MOST_FINE = 1 << 27
OUTSIDE = 1.0  # pixels that a corner may lie beyond the picture: some tools count from 1


@dataclass(frozen=True)
class Annotation:
    """One object of a picture."""

    id: int
    category: str  # its name
    category_id: int
    size: tuple[int, int]  # height and width of the picture
    shape: Any  # list of polygons, or {"size", "counts"}
    area: float


@dataclass(frozen=True)
class CocoFile:
    """The annotations of a file: by picture, named without folder and ending, and by id."""

    by_picture: Mapping[str, tuple[Annotation, ...]]
    by_id: Mapping[int, Annotation]


def read_coco(path: Path) -> CocoFile:
    """Read a file of annotations; the same file is read once.

    Raises
    ------
    MaskError : no such file, not JSON, or not laid out as COCO; says where
    """
    try:
        stat = path.stat()
        return _read(path, stat.st_mtime_ns, stat.st_size)
    except OSError as error:
        raise MaskError(f"{path}: {error.strerror}") from None


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int, size: int) -> CocoFile:
    if size > MOST_BYTES:
        raise MaskError(f"{path}: must be up to {MOST_BYTES} bytes; it has {size}")
    try:
        content = json.loads(read_plain(path))
    except (ValueError, RecursionError) as error:
        raise MaskError(f"{path}: not JSON: {error}") from None
    try:
        names = {each["id"]: str(each["name"]) for each in content.get("categories", [])}
        pictures = {
            each["id"]: (str(each["file_name"]), (int(each["height"]), int(each["width"])))
            for each in content["images"]
        }
        by_picture: dict[str, list[Annotation]] = defaultdict(list)
        by_id: dict[int, Annotation] = {}
        for each in content["annotations"]:
            file, extent = pictures[each["image_id"]]
            one = Annotation(
                id=int(each["id"]),
                category=names.get(each.get("category_id"), ""),
                category_id=int(each.get("category_id", 0)),
                size=extent,
                shape=each["segmentation"],
                area=float(each.get("area", 0)),
            )
            if one.id in by_id:
                raise MaskError(f"{path}: two annotations have the id {one.id}")
            by_id[one.id] = one
            by_picture[PurePosixPath(file).with_suffix("").name].append(one)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MaskError(
            f"{path}: is not laid out as COCO: images, annotations with image_id, id and "
            f"segmentation are needed ({type(error).__name__}: {error})"
        ) from None
    return CocoFile({name: tuple(found) for name, found in by_picture.items()}, by_id)


def chosen(annotations: Sequence[Annotation], classes: Sequence[int | str]) -> list[Annotation]:
    """The annotations of the wanted categories, by name or number; all when none is named."""
    wanted = {str(each).casefold() for each in classes}
    return [
        each
        for each in annotations
        if not wanted or {each.category.casefold(), str(each.category_id)} & wanted
    ]


def decode(annotation: Annotation, where: str) -> np.ndarray:
    """The mask of one annotation: (H, W) bool.

    Raises
    ------
    MaskError
        `where`: a polygon that leaves the picture, runs of another size or length, an empty mask.
    """
    shape = annotation.shape
    if isinstance(shape, list):
        mask = _polygons(shape, annotation.size, where)
    elif isinstance(shape, Mapping):
        mask = _runs(shape, annotation.size, where)
    else:
        raise MaskError(
            f"{where}: segmentation must be polygons or run lengths, got {shown(shape)}"
        )
    if not mask.any():
        raise MaskError(f"{where}: its mask is empty")
    return mask


def _polygons(polygons: list[Any], size: tuple[int, int], where: str) -> np.ndarray:
    height, width = size
    mask = np.zeros(size, bool)
    for polygon in polygons:
        try:
            corners = np.asarray(polygon, np.float64).reshape(-1, 2)
        except (TypeError, ValueError):
            raise MaskError(f"{where}: a polygon is a list of x, y, x, y, ...") from None
        if len(corners) < 3 or not np.isfinite(corners).all():
            raise MaskError(f"{where}: a polygon needs three corners or more, all of them numbers")
        low, high = corners.min(axis=0), corners.max(axis=0)
        if min(low) < -OUTSIDE or high[0] > width + OUTSIDE or high[1] > height + OUTSIDE:
            raise MaskError(
                f"{where}: a polygon reaches from {low.round(1).tolist()} to "
                f"{high.round(1).tolist()}, outside its picture of {width} x {height} pixels"
            )
        mask |= _filled(corners, size)
    return mask


def _filled(corners: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Pixels of which a polygon covers half or more.

    OpenCV also fills the pixels its edges touch, so it draws finer ones, of which that is little.
    """
    left, top = np.maximum(np.floor(corners.min(axis=0)), 0).astype(int)
    right, bottom = np.minimum(np.ceil(corners.max(axis=0)), (size[1], size[0])).astype(int)
    mask = np.zeros(size, bool)
    height, width = int(bottom - top), int(right - left)
    if height < 1 or width < 1:
        return mask
    fine = FINE if height * width * FINE**2 <= MOST_FINE else 1
    drawn = np.zeros((height * fine, width * fine), np.uint8)
    # COCO counts from the corner of a pixel, OpenCV from its middle.
    placed = np.rint(((corners - (left, top)) * fine - 0.5) * 2**SUBPIXELS).astype(np.int32)
    cv2.fillPoly(drawn, [placed], 1, shift=SUBPIXELS)
    covered = drawn.reshape(height, fine, width, fine).mean(axis=(1, 3))
    mask[top:bottom, left:right] = covered >= 0.5
    return mask


def _runs(shape: Mapping[str, Any], size: tuple[int, int], where: str) -> np.ndarray:
    extent = shape.get("size")
    if not isinstance(extent, list) or tuple(extent) != size:
        raise MaskError(
            f"{where}: run lengths of {shown(extent)}; its picture is {list(size)} (height, width)"
        )
    counts = shape.get("counts")
    if isinstance(counts, str):
        counts = unpack(counts, where)
    if not isinstance(counts, list) or not all(type(n) is int and n >= 0 for n in counts):
        raise MaskError(f"{where}: counts must be run lengths, got {shown(counts)}")
    if sum(counts) != size[0] * size[1]:
        raise MaskError(
            f"{where}: its runs add up to {sum(counts)} pixels, the picture has {size[0] * size[1]}"
        )
    values = np.arange(len(counts)) % 2 == 1
    return np.repeat(values, counts).reshape(size[::-1]).T


def unpack(text: str, where: str = "counts") -> list[int]:
    """Packed run lengths as numbers."""
    counts: list[int] = []
    at = 0
    while at < len(text):
        value, shift, more = 0, 0, True
        while more:
            if at >= len(text) or not 48 <= ord(text[at]) < 48 + 64:
                raise MaskError(f"{where}: counts are no packed run lengths (character {at})")
            digit = ord(text[at]) - 48
            value |= (digit & 31) << shift
            more = bool(digit & 32)
            at, shift = at + 1, shift + 5
            if not more and digit & 16:
                value -= 1 << shift
        if len(counts) > 2:
            value += counts[-2]
        counts.append(value)
    return counts
