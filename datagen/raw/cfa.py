"""Colour filter arrays: which colour each site of a sensor sees."""

from __future__ import annotations

import numpy as np


def tiled(tile: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Repeat a (rows, columns) tile over (H, W) from the top left."""
    repeats = [-(-size // part) for size, part in zip(shape, tile.shape, strict=True)]
    return np.tile(tile, repeats)[: shape[0], : shape[1]]
