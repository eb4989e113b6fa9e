"""A hash by which pictures that look alike are found, whatever their size, exposure or format.

References
----------
Difference hash: N. Krawetz, "Kind of like that", hackerfactor.com, 2013.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from luts.colour.colorimetry import luminance

from ..images.codes import to_float
from ..images.files import read_image
from .scene import RAWS

SAME_PICTURE_BITS = 3  # of 64 may differ
SMALL = (72, 64)  # a file's picture is brought to this width and height first, which is faster


def picture_hash(encoded: np.ndarray) -> int:
    """64-bit difference hash: is each of 9 x 8 cells brighter than its neighbour to the left?

    (H, W, 3) float. A flat picture has hash 0.
    """
    cells = cv2.resize(luminance(encoded).astype(np.float32), (9, 8), interpolation=cv2.INTER_AREA)
    return int.from_bytes(np.packbits(cells[:, 1:] > cells[:, :-1]).tobytes())


def file_hash(path: Path) -> int:
    """`picture_hash` of a picture file, or of a raw by the JPEG inside it where there is one.

    Raises ImageError or RawError.
    """
    codes = _raw_codes(path) if path.suffix.lower() in RAWS else read_image(path)
    if codes.ndim == 2:
        codes = np.repeat(codes[..., None], 3, axis=2)
    return picture_hash(to_float(cv2.resize(codes, SMALL, interpolation=cv2.INTER_AREA)))


def near_duplicates(hashes: Sequence[int]) -> list[tuple[int, int]]:
    """Index pairs whose hashes differ in at most 3 of 64 bits; hash 0 is like no other."""
    values = np.array(hashes, np.uint64)
    told = np.flatnonzero(values)
    values, pairs = values[told], []
    for index in range(len(values) - 1):
        apart = np.bitwise_count(values[index + 1 :] ^ values[index])
        close = np.flatnonzero(apart <= SAME_PICTURE_BITS) + index + 1
        pairs += [(int(told[index]), int(told[other])) for other in close]
    return pairs


def _raw_codes(path: Path) -> np.ndarray:
    from ..develop.series import develop
    from ..raw.read import read_raw, read_thumbnail

    thumbnail = read_thumbnail(path)
    return develop(read_raw(path), 0.0, max(SMALL)) if thumbnail is None else thumbnail
