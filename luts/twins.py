"""LUTs that do the same, whatever their files' names, their sizes or their values beyond white."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .lookup import apply
from .lut import Lut, nodes

THUMB = 9  # nodes per axis on which LUTs are compared
SAME = 1 / 255  # largest difference there of two LUTs that count as one: one 8-bit level


def thumb(lut: Lut) -> np.ndarray:
    """What a LUT does to an even grid, cut to [0, 1]: (9, 9, 9, 3) float32."""
    return np.clip(apply(lut, nodes(THUMB).astype(np.float32)), 0, 1)


def same_looks(thumbs: Mapping[str, np.ndarray]) -> list[list[str]]:
    """Group names whose thumbs differ by less than one 8-bit level, in the order given."""
    seen: list[tuple[np.ndarray, list[str]]] = []
    for name, found in thumbs.items():
        group = next((names for first, names in seen if np.abs(first - found).max() <= SAME), None)
        if group is None:
            seen.append((found, group := []))
        group.append(name)
    return [names for _, names in seen]
