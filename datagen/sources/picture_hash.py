"""A hash by which pictures that look alike are found, whatever their size, exposure or format.

References
----------
Difference hash: N. Krawetz, "Kind of like that", hackerfactor.com, 2013.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from luts.colour.colorimetry import luminance

from ..images.codes import values_of
from ..images.files import read_image
from ..images.resample import resize
from .scene import RAWS

SAME_PICTURE_BITS = 3  # of 64 may differ
# The 64 bits in six blocks, as masks.
BLOCKS = [sum(1 << bit for bit in range(64) if bit * 6 // 64 == block) for block in range(6)]
SMALL = (64, 72)  # a file's picture is brought to this height and width first, which is faster


def picture_hash(encoded: np.ndarray) -> int:
    """64-bit difference hash: is each of 9 x 8 cells brighter than its neighbour to the left?

    (H, W, 3) float. A flat picture has hash 0.
    """
    cells = resize(luminance(encoded), (8, 9))
    return int.from_bytes(np.packbits(cells[:, 1:] > cells[:, :-1]).tobytes())


def file_hash(path: Path) -> int:
    """`picture_hash` of a picture file, or of a raw by the JPEG inside it where there is one.

    Raises ImageError or RawError.
    """
    codes = _raw_codes(path) if path.suffix.lower() in RAWS else read_image(path)
    if codes.ndim == 2:
        codes = np.repeat(codes[..., None], 3, axis=2)
    return picture_hash(resize(codes, SMALL, table=values_of(codes.dtype)))


def near_duplicates(hashes: Sequence[int]) -> list[tuple[int, int]]:
    """Index pairs that join all pictures whose hashes differ in at most 3 of 64 bits.

    Equal hashes are joined to the first of them only, so that a thousand copies are a thousand
    pairs and not half a million; hash 0 is like no other. Time and memory go with n log n: of six
    blocks of bits at least three are equal where three bits differ, so that only pictures that
    share three blocks are compared.
    """
    values = np.array(hashes, np.uint64)
    told = np.flatnonzero(values)
    unique, first, which = np.unique(values[told], return_index=True, return_inverse=True)
    firsts = told[first]
    copies = np.flatnonzero(firsts[which] != told)
    pairs = [np.stack([firsts[which][copies], told[copies]], axis=1)]
    for blocks in itertools.combinations(BLOCKS, len(BLOCKS) - SAME_PICTURE_BITS):
        mask = np.uint64(sum(blocks))
        order = np.argsort(unique & mask, kind="stable")
        pairs.append(firsts[_close_in_runs(order, unique[order], mask)])
    found = np.sort(np.concatenate(pairs), axis=1)
    return [(int(one), int(two)) for one, two in np.unique(found, axis=0)]


def _close_in_runs(order: np.ndarray, values: np.ndarray, mask: np.uint64) -> np.ndarray:
    """Pairs (n, 2) of entries of `order` that share the masked bits and differ in few others."""
    keys, found = values & mask, [np.empty((0, 2), order.dtype)]
    here = np.arange(len(keys) - 1) if len(keys) else np.empty(0, int)
    apart = 0
    while True:  # neighbours in the sorted order, then next but one ... while the run goes on
        apart += 1
        here = here[here + apart < len(keys)]
        here = here[keys[here] == keys[here + apart]]
        if not len(here):
            return np.concatenate(found)
        there = here + apart
        close = np.bitwise_count(values[here] ^ values[there]) <= SAME_PICTURE_BITS
        found.append(np.stack([order[here[close]], order[there[close]]], axis=1))


def _raw_codes(path: Path) -> np.ndarray:
    from ..develop.series import develop
    from ..raw.read import read_raw, read_thumbnail

    thumbnail = read_thumbnail(path)
    return develop(read_raw(path), 0.0, max(SMALL)) if thumbnail is None else thumbnail
