"""Read the subject of a picture from a mask file: a matte, a cut-out, or a map of classes.

What the numbers of a mask mean is told by the file itself, and where it is not, the mask is refused
with the values that were found:

* alpha, where it varies: a cut-out, such as rembg writes;
* grey otherwise: a matte, soft or hard; a map of 0 and one other value, 0 and 1 included;
* two colours, one of them black: the other is the subject;
* a palette, and a map of a few small numbers, are classes: the recipe says which are the subject,
  by number, by name (line n of a classes.txt beside the masks is the name of class n) or by
  colour ("#c08080");
* `instance` takes one: by its number, or the largest.

References
----------
Everingham et al., "The Pascal visual object classes challenge: a retrospective", IJCV 2015: palette
maps whose indices are classes, 255 where nothing is said.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from luts.pictures import PictureError, PictureInfo, read_samples
from luts.pictures.read import upright
from luts.tool.errors import UserError
from luts.tool.files import read_plain

FEW = 32  # values; a soft matte has more
SMALL = 64  # of 255: numbers below it are no shades of a matte
ALIKE = 12  # of 255: channels that differ by less are grey, stored as JPEG
MOST_COLOURS = 256  # of a map of classes
NAMES = "classes.txt"
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
HINT = 'say which are the subject: [source] classes = [...], by number, name or "#rrggbb"'


class MaskError(UserError):
    """A mask whose meaning cannot be told: file, values found, what to do."""


@dataclass(frozen=True, eq=False)
class MaskFile:
    """The subject, and how the file was read."""

    matte: np.ndarray  # (H, W) float32 in [0, 1], 1 = the subject
    read: str  # for the manifest


def read_mask(path: Path, *, classes: Sequence[int | str] = (), instance: Any = "") -> MaskFile:
    """Read a mask.

    Parameters
    ----------
    path : a picture, or a .npy array (H, W) of numbers
    classes : numbers, names or colours of the classes that are the subject; () tells by the values
    instance : "" takes everything, "largest" the one of the largest area, a number that of the map

    Raises
    ------
    MaskError : cannot be read, or cannot be told, or holds no subject
    """
    path = Path(path)
    labels, alpha, info = _read(path)
    if classes:
        chosen = np.zeros(labels.shape[:2], bool)
        for wanted in classes:
            chosen |= _is_class(path, labels, wanted)
        found = MaskFile(np.asarray(chosen, np.float32), f"classes {', '.join(map(str, classes))}")
        if not chosen.any():
            raise MaskError(f"{path}: no {found.read}; it holds {_values(labels)}")
        labels = np.where(chosen, labels, 0) if labels.ndim == 2 else chosen
    elif instance != "" and labels.ndim == 2 and not _varies(alpha):
        found = MaskFile(np.asarray(labels > 0, np.float32), "instances")
    else:
        found = _told(path, labels, alpha, info)
        labels = found.matte >= 0.5
    if instance != "":
        found = _one_instance(path, found, labels, instance)
    if found.matte.max() < 0.5:
        raise MaskError(f"{path}: holds no subject; it holds {_values(labels)}")
    return found


def _read(path: Path) -> tuple[np.ndarray, np.ndarray | None, PictureInfo | None]:
    """Labels (H, W), palette indices as they are, or colours (H, W, 3); alpha; info."""
    if path.suffix.lower() == ".npy":
        return _read_array(path), None, None
    try:
        codes, alpha, info = read_samples(path)
        if info.palette:
            codes = upright(_indices(path, info), info.orientation)
    except (PictureError, OSError) as error:
        raise MaskError(str(error)) from None
    if codes.ndim == 3 and _is_grey(codes):
        codes = codes[..., 1]
    bits = info.bits
    if codes.ndim == 2 and not info.palette and bits < 8:  # 1, 2 and 4 bits were spread to 8
        codes = codes // (255 // (2**bits - 1))
    return codes, alpha, info


def _read_array(path: Path) -> np.ndarray:
    try:
        values = np.load(io.BytesIO(read_plain(path)), allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise MaskError(f"{path}: not a readable array ({error})") from None
    if values.ndim != 2 or values.dtype.kind not in "buif" or not values.size:
        raise MaskError(f"{path}: {values.shape} {values.dtype}; a mask is (H, W) numbers")
    if values.dtype.kind == "f":
        if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
            raise MaskError(f"{path}: float values outside 0 to 1")
        return np.asarray(np.rint(values * 65535), np.uint16)
    if values.dtype.kind == "i" and values.min() < 0:
        raise MaskError(f"{path}: negative numbers")
    if values.max() > 65535:
        raise MaskError(f"{path}: numbers above 65535")
    return values.astype(np.uint8 if values.max() < 256 else np.uint16)


def _indices(path: Path, info: PictureInfo) -> np.ndarray:
    """A palette's indices, which the reader of pictures looks up."""
    if info.kind == "tiff":
        import tifffile

        return tifffile.imread(path)
    from PIL import Image

    with Image.open(path) as image:
        # Pillow gives a palette of greys as grey
        return np.array(image.convert("P") if image.mode == "PA" else image)


def _told(
    path: Path, labels: np.ndarray, alpha: np.ndarray | None, info: PictureInfo | None
) -> MaskFile:
    """Tell the subject by the values alone."""
    if alpha is not None and _varies(alpha):
        return MaskFile(alpha / np.float32(np.iinfo(alpha.dtype).max), "alpha")
    if labels.ndim == 3:
        return _two_colours(path, labels)
    values = np.unique(labels)
    if info is not None and info.palette and len(values) > 2:
        raise MaskError(f"{path}: a palette of classes {_values(labels)}; {HINT}")
    top = np.iinfo(labels.dtype).max
    if len(values) == 1:
        return MaskFile(np.full(labels.shape, float(values[0] > 0), np.float32), "one value")
    if len(values) == 2 and values[0] == 0:
        return MaskFile(np.asarray(labels > 0, np.float32), f"0 and {values[1]}")
    shades = values[(values > 0) & (values < top)]
    small = SMALL * (top // 255)
    if len(values) <= FEW and shades.size and shades.max() < small:
        raise MaskError(f"{path}: a map of {_values(labels)}, not a matte; {HINT}")
    return MaskFile(labels / np.float32(top), "grey")


def _two_colours(path: Path, colours: np.ndarray) -> MaskFile:
    found = np.unique(colours.reshape(-1, 3), axis=0)
    if len(found) == 2 and not found[0].any():
        name = _hex(found[1], colours.dtype)
        return MaskFile(np.asarray(colours.any(axis=2), np.float32), f"black and {name}")
    if len(found) > MOST_COLOURS:
        raise MaskError(f"{path}: a picture of {len(found)} colours, not a mask")
    raise MaskError(f"{path}: colours {_values(colours)}; {HINT}")


def _is_class(path: Path, labels: np.ndarray, wanted: int | str) -> np.ndarray:
    if isinstance(wanted, str) and COLOUR.fullmatch(wanted):
        if labels.ndim == 2:
            raise MaskError(f"{path}: a map of numbers has no colour {wanted}; name the number")
        colour = np.array([int(wanted[k : k + 2], 16) for k in (1, 3, 5)])
        return (labels == colour * (np.iinfo(labels.dtype).max // 255)).all(axis=2)
    number = _number(path, wanted) if isinstance(wanted, str) else wanted
    if labels.ndim == 3:
        raise MaskError(f"{path}: colours {_values(labels)}, not numbers; name them as {HINT}")
    return labels == number


def _number(path: Path, name: str) -> int:
    place = path.with_name(NAMES)
    if not place.is_file():
        raise MaskError(f"{path}: class {name!r} is a name, and {place.name} is not beside it")
    names = [line.strip() for line in place.read_text("utf-8-sig").splitlines()]
    if name not in names:
        raise MaskError(f"{place}: has no class {name!r}; it has {', '.join(names)[:200]}")
    return names.index(name)


def _one_instance(path: Path, found: MaskFile, labels: np.ndarray, instance: Any) -> MaskFile:
    """One of the numbered instances, or of the separate parts of a mask that has no numbers."""
    numbers = labels.astype(np.int32)
    if labels.dtype == bool or len(np.unique(labels[labels > 0])) == 1:
        _, parts = cv2.connectedComponents(np.asarray(labels > 0, np.uint8), connectivity=8)
        numbers = np.asarray(parts, np.int32)
    sizes = np.bincount(numbers.ravel())
    sizes[0] = 0
    chosen = int(sizes.argmax()) if instance == "largest" else int(instance)
    if not 0 < chosen < len(sizes) or not sizes[chosen]:
        raise MaskError(f"{path}: has no instance {instance}; it holds {_values(labels)}")
    matte = np.where(numbers == chosen, found.matte, 0).astype(np.float32)
    return MaskFile(matte, f"{found.read}, instance {chosen}")


def _varies(alpha: np.ndarray | None) -> bool:
    return alpha is not None and alpha.min() != alpha.max()


def _is_grey(colours: np.ndarray) -> bool:
    wide = colours.max(axis=2).astype(int) - colours.min(axis=2)
    return int(wide.max()) <= ALIKE * (np.iinfo(colours.dtype).max // 255)


def _values(labels: np.ndarray) -> str:
    """The values of a map as a message shows them."""
    if labels.ndim == 3:
        found = np.unique(labels.reshape(-1, 3), axis=0)
        shown = [_hex(colour, labels.dtype) for colour in found[:8]]
    else:
        found = np.unique(labels)
        shown = [str(int(value)) for value in found[:8]]
    more = f" and {len(found) - 8} more" if len(found) > 8 else ""
    return ", ".join(shown) + more


def _hex(colour: np.ndarray, dtype: np.dtype) -> str:
    return "#" + "".join(f"{int(v) // (np.iinfo(dtype).max // 255):02x}" for v in colour)
