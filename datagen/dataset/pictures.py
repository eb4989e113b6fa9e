"""Read a picture of a data set: below its folder, and of the size that its row says.

A file of a megabyte may claim 20,000 x 20,000 pixels. Its header is read first, and one of another
size than the row's is refused before memory is taken for it.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import tifffile

from luts.tool.files import open_plain
from luts.tool.gate import inside

from ..images.files import ImageError, read_image

PNG = b"\x89PNG\r\n\x1a\n"


def read_picture(folder: Path, path: str, size: tuple[int, int]) -> np.ndarray:
    """Decode one of a data set's PNG or TIFF files as `read_image` does.

    Parameters
    ----------
    size : height and width that its row says

    Raises
    ------
    ImageError
        It is missing, damaged, of another size, or a link out of the folder.
    """
    try:
        file = inside(folder, path)
    except ValueError as error:
        raise ImageError(str(error)) from None
    claimed = header_size(file)
    if claimed is not None and claimed != size:
        raise ImageError(f"{file}: is {claimed}, not {size}")
    picture = read_image(file)
    if picture.shape[:2] != size:
        raise ImageError(f"{file}: is {picture.shape[:2]}, not {size}")
    return picture


def header_size(file: Path) -> tuple[int, int] | None:
    """Height and width that a PNG or TIFF claims; None when it is neither, or cannot be read."""
    try:
        with open_plain(file) as stream:
            head = stream.read(24)
        if head[:8] == PNG and len(head) == 24:
            width, height = struct.unpack(">II", head[16:24])
            return height, width
        if head[:2] in (b"II", b"MM"):
            with tifffile.TiffFile(file) as tiff:
                page = tiff.pages.first
                return page.imagelength, page.imagewidth
    except Exception:  # tifffile has many words for damage; decoding will say what it is
        return None
    return None
