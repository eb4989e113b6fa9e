"""Integer codes and float values of a picture."""

from __future__ import annotations

import numpy as np


def to_float(image: np.ndarray) -> np.ndarray:
    """Turn (...) uint8 or uint16 codes into float32 `encoded` values in [0, 1]."""
    if image.dtype not in (np.uint8, np.uint16):
        raise TypeError(f"pictures are uint8 or uint16, got {image.dtype}")
    return image.astype(np.float32) / np.float32(np.iinfo(image.dtype).max)


def values_of(dtype: np.dtype) -> np.ndarray:
    """What the codes of uint8 or uint16 stand for: (256,) or (65536,) float64, encoded."""
    most = np.iinfo(dtype).max
    return np.arange(most + 1) / most


def quantise(encoded: np.ndarray, bits: int = 8) -> np.ndarray:
    """Round (...) float values to uint8 (`bits` 8) or uint16 (16) codes; outside [0, 1] is cut."""
    if bits not in (8, 16):
        raise ValueError(f"bits is 8 or 16, got {bits}")
    if encoded.dtype.kind != "f":
        raise TypeError(f"quantise takes floats in [0, 1], got {encoded.dtype}")
    codes = np.clip(encoded, 0, 1)
    codes *= 2**bits - 1
    return np.rint(codes, out=codes).astype(np.uint8 if bits == 8 else np.uint16)
