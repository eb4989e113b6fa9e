"""Which levels the unpacked samples have, and samples that LibRaw would bend.

LibRaw's samples are its own for three kinds of DNG, and what they are stands here:

* Lossy JPEG (compression 34892): codes come out on a scale of 0 to 65535, through the file's
  MapPolynomial or, without one, through the sRGB curve: LibRaw's and dcraw's convention. The
  levels in the tags are those of the codes, so LibRaw's own count. Adobe's order is levels first:
  a file whose black is not 0, or white not the top code, is refused.
* Float: LibRaw scales by the brightest pixel of the frame, by which no exposure can stand. The
  samples are read as they are; white is WhiteLevel, by default 1 (DNG 1.7.1, tag 50717). Samples
  above it are light that was not clipped and stay.
* A white level per colour: samples are brought to one, and the ratio that LibRaw folds into the
  balance is taken out again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .directory import JPEG_XL, MOSAIC, Directory
from .errors import RawDamagedError, RawUnsupportedError

LOSSY_TOP = 65535.0  # LibRaw's scale of decoded lossy samples
TILES = ((2, 2), (6, 6))  # Bayer and X-Trans
EXACT = "DNG with lossless compression"
EACH_PLANE = [(0, 1), (1, 1), (2, 1)]  # first plane and count of the polynomials LibRaw knows
MOST_SCALE = 2.0**20


@dataclass(frozen=True, eq=False)
class Levels:
    """Samples and what they mean: black is 0 and white is 1 of camera light, times `scale`."""

    mosaic: np.ndarray  # (H, W) or (H, W, K) uint16 or float32
    black: np.ndarray  # as RawPhoto.black
    white: float
    scale: float = 1.0
    folded: np.ndarray | None = None  # (K,) what LibRaw multiplied the balance as shot by


def check_layout(path: Path, directories: tuple[Directory, ...]) -> None:
    """Refuse by the tags what LibRaw decodes into something else, or not at all.

    Raises RawUnsupportedError.
    """
    raws = [each for each in directories if each.is_raw]
    main = [each for each in raws if each.subfile == 0] or raws
    for each in main:
        if each.compression == JPEG_XL:
            raise RawUnsupportedError(
                f"{path}: compressed as JPEG XL, which LibRaw does not decode; save it as {EXACT}"
            )
        if each.photometric == MOSAIC and each.tile and each.tile not in TILES:
            rows, columns = each.tile
            raise RawUnsupportedError(
                f"{path}: a colour filter of {rows} x {columns} sites (quad Bayer and the like); "
                "2 x 2 and X-Trans are developed. Let the maker's software bin or remosaic it"
            )
        if each.photometric == MOSAIC and not each.rectangular:
            raise RawUnsupportedError(
                f"{path}: a colour filter on a staggered grid (CFALayout); save it as linear DNG"
            )


def decoded_levels(
    path: Path, mosaic: np.ndarray, black: np.ndarray, white: float, source: Directory | None
) -> Levels:
    """The levels of samples as LibRaw unpacked them.

    Parameters
    ----------
    mosaic : (H, W) or (H, W, K), the visible part
    black, white : what LibRaw reports for them
    source : their directory, where it is known

    Raises
    ------
    RawUnsupportedError : a lossy file with levels that LibRaw does not follow
    """
    if source is None:
        return Levels(mosaic, black, white)
    if source.is_lossy:
        _check_lossy(path, source)
        return Levels(mosaic, np.zeros_like(black), LOSSY_TOP)
    whites = np.array(source.white, np.float64)
    if whites.size == 0:
        return Levels(mosaic, black, white)
    if mosaic.ndim == 2 or whites.size < mosaic.shape[2] or np.ptp(whites) == 0:
        return Levels(mosaic, black, float(whites.min()))
    whites = whites[: mosaic.shape[2]]
    top = whites.max()
    gain = (top - black) / np.maximum(whites - black, 1e-9)
    even = (mosaic - black) * np.float32(gain) + black
    return Levels(np.asarray(even, np.float32), black, float(top), folded=top / whites)


def float_levels(
    path: Path, page_samples: np.ndarray, pattern: np.ndarray | None, source: Directory
) -> Levels:
    """The levels of float samples, read without LibRaw.

    Parameters
    ----------
    page_samples : (H, W) or (H, W, K) float, the visible part
    pattern : (rows, columns) of a mosaic

    Raises
    ------
    RawDamagedError, RawUnsupportedError
    """
    mosaic = np.ascontiguousarray(page_samples, np.float32)
    if not np.isfinite(mosaic).all():
        raise RawDamagedError(f"{path}: holds samples that are not a number")
    whites = np.array(source.white or (1.0,))
    if np.ptp(whites):
        raise RawUnsupportedError(f"{path}: float samples with a white level per colour")
    white = float(whites[0])
    black = _float_black(path, pattern, source)
    if not white > float(black.max()):
        raise RawDamagedError(f"{path}: black {black.max():g} and white {white:g} leave no range")
    over = (float(mosaic.max()) - float(black.min())) / (white - float(black.max()))
    scale = float(2.0 ** np.ceil(np.log2(over))) if over > 1 else 1.0
    if scale > MOST_SCALE:
        raise RawDamagedError(f"{path}: samples {over:.3g} times as bright as the white level")
    if scale > 1 and np.ptp(black):
        raise RawUnsupportedError(f"{path}: float samples above white with a black level per site")
    return Levels(mosaic, black, float(black.max()) + scale * (white - float(black.max())), scale)


def read_float_samples(path: Path, source: Directory, index: int) -> np.ndarray:
    """Decode the float samples of a DNG's directory: (H, W) or (H, W, K)."""
    import tifffile

    try:
        with tifffile.TiffFile(path) as file:
            first: Any = file.pages.first
            page = first if index == 0 else first.pages[index - 1]
            samples = page.asarray()
    except Exception as error:  # tifffile has many words for damage
        raise RawDamagedError(f"{path}: its float samples cannot be decoded ({error})") from error
    if samples.ndim == 3 and page.planarconfig == 2:
        samples = np.moveaxis(samples, 0, 2)
    if samples.shape[:2] != (source.height, source.width):
        raise RawDamagedError(f"{path}: decodes to {samples.shape}, not to what its tags say")
    return samples


def _check_lossy(path: Path, source: Directory) -> None:
    top = 2**source.bits - 1
    levels = {float(value) for value in source.white} | {float(top)}
    if levels != {float(top)} or source.black.any():
        raise RawUnsupportedError(
            f"{path}: lossy JPEG with black {source.black.max():g} and white "
            f"{min(levels):g} of {top}, which LibRaw does not follow; save it as {EXACT}"
        )
    what = ""
    if source.photometric == MOSAIC:
        what = "a mosaic"
    elif "MapTable" in source.opcodes:
        what = "a table of values"
    elif source.polynomials and sorted(source.polynomials) != EACH_PLANE:
        what = "a polynomial for several planes"
    if what:
        raise RawUnsupportedError(
            f"{path}: lossy JPEG of {what}, which LibRaw does not follow; save it as {EXACT}"
        )


def _float_black(path: Path, pattern: np.ndarray | None, source: Directory) -> np.ndarray:
    black = np.asarray(source.black, np.float32)
    if pattern is None:
        if black.shape[:2] != (1, 1):
            raise RawUnsupportedError(f"{path}: float samples with a black level per site")
        return black[0, 0]
    if black.shape[:2] == (1, 1):
        return np.full(pattern.shape, black[0, 0, 0], np.float32)
    if black.shape[:2] == pattern.shape:
        return black[..., 0]
    raise RawUnsupportedError(f"{path}: a black level that repeats otherwise than the filter")
