"""Linear light in few bytes: float16 numbers rounded to 7 bits of fraction, chroma at half size.

The bits of a positive float16 rise with its logarithm, so differences of them are ratios: steps of
0.4 to 0.8 %, finer than the shot noise of a pixel. Green is kept whole, red and blue as their ratio
to it at half the size; neighbours are subtracted, and LZMA does the rest.
"""

from __future__ import annotations

import lzma

import numpy as np

DROPPED = 3  # bits of the ten of the fraction
HALF = 1 << (DROPPED - 1)
MOST = 0x7BFF >> DROPPED  # 65,504 or just below


def pack(light: np.ndarray) -> bytes:
    """(H, W, 3) float16 >= 0 with even sides, to bytes."""
    if light.dtype != np.float16 or light.shape[0] % 2 or light.shape[1] % 2:
        raise ValueError(f"packing takes float16 with even sides, got {light.dtype} {light.shape}")
    codes = np.minimum((light.view(np.uint16).astype(np.int32) + HALF) >> DROPPED, MOST)
    green = codes[..., 1]
    planes = [green, *(_halved(codes[..., k] - green) for k in (0, 2))]
    signed = np.concatenate([_differences(plane).ravel() for plane in planes])
    folded = ((signed << 1) ^ (signed >> 31)).astype(np.uint16)
    halves = np.stack([folded & 255, folded >> 8]).astype(np.uint8)
    return lzma.compress(halves.tobytes(), preset=6)


def unpack(data: bytes, shape: tuple[int, int]) -> np.ndarray:
    """The light of `pack`, (H, W, 3) float16. Raises ValueError when the bytes are not its."""
    height, width = shape
    try:
        halves = np.frombuffer(lzma.decompress(data), np.uint8).reshape(2, -1).astype(np.int32)
    except lzma.LZMAError as error:
        raise ValueError(f"damaged: {error}") from None
    if halves.shape[1] != height * width * 3 // 2:
        raise ValueError("damaged: holds another number of pixels than it says")
    folded = halves[0] | halves[1] << 8
    signed = (folded >> 1) ^ -(folded & 1)
    sizes = [(height, width), (height // 2, width // 2), (height // 2, width // 2)]
    ends = np.cumsum([h * w for h, w in sizes])[:-1]
    parts = np.split(signed, ends)
    green, red, blue = (_sums(part.reshape(size)) for part, size in zip(parts, sizes, strict=True))
    codes = np.stack([green + _doubled(red), green, green + _doubled(blue)], -1)
    return (np.clip(codes, 0, MOST) << DROPPED).astype(np.uint16).view(np.float16)


def _differences(plane: np.ndarray) -> np.ndarray:
    """To the left neighbour; in the first column to the one above."""
    result = plane.copy()
    result[:, 1:] -= plane[:, :-1]
    result[1:, 0] -= plane[:-1, 0]
    return result


def _sums(differences: np.ndarray) -> np.ndarray:
    differences = differences.copy()
    differences[:, 0] = np.cumsum(differences[:, 0])
    return np.cumsum(differences, axis=1, dtype=np.int32)


def _halved(plane: np.ndarray) -> np.ndarray:
    height, width = plane.shape
    return np.rint(plane.reshape(height // 2, 2, width // 2, 2).mean((1, 3))).astype(np.int32)


def _doubled(plane: np.ndarray) -> np.ndarray:
    return plane.repeat(2, 0).repeat(2, 1)
