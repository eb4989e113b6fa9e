"""Write a picture file: the same pixels give the same bytes on every run."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from ..tool.files import whole_file
from .info import PictureError

WRITABLE = (".png", ".tif", ".tiff", ".jpg", ".jpeg")
JPEG_QUALITY = 95


def write_picture(path: Path | str, pixels: np.ndarray, alpha: np.ndarray | None = None) -> None:
    """Write a picture, whole or not at all, as the suffix says.

    PNG and TIFF take uint8 and uint16, and alpha; JPEG takes uint8 without alpha, at quality 95
    with full chroma.

    Parameters
    ----------
    pixels : (H, W, 3) RGB or (H, W) grey
    alpha : (H, W) straight alpha of the same type

    Raises
    ------
    PictureError : the suffix is not known, or its format cannot hold these pixels
    """
    path = Path(path)
    check_suffix(path)
    jpeg = path.suffix.lower() in (".jpg", ".jpeg")
    if jpeg and (alpha is not None or pixels.dtype != np.uint8):
        raise PictureError(
            f"{path}: JPEG holds 8 bits and no transparency, got {pixels.dtype}; write .png or .tif"
        )
    data = encode(pixels, path.suffix.lower(), alpha, full_chroma=True)
    with whole_file(path) as scratch:
        scratch.write_bytes(data)


def check_suffix(path: Path | str) -> None:
    """Refuse to write to a name that does not say which format is meant."""
    if Path(path).suffix.lower() not in WRITABLE:
        raise PictureError(f"{path}: pictures are written as {', '.join(WRITABLE)}")


def encode(
    pixels: np.ndarray,
    suffix: str = ".png",
    alpha: np.ndarray | None = None,
    *,
    full_chroma: bool = False,
) -> bytes:
    """Give the bytes of a PNG, TIFF or JPEG file: (H, W[, 3]) uint8 or uint16 in, one file out."""
    import cv2

    if suffix in (".tif", ".tiff"):
        return _encode_tiff(pixels, alpha)
    if suffix == ".png":
        options = _png_options(pixels)
    else:
        options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        if full_chroma:
            sampling = cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
            options += sampling
    if alpha is not None:
        colour = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
        stored = cv2.cvtColor(np.dstack([colour, alpha]), cv2.COLOR_RGBA2BGRA)
    else:
        stored = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    written, data = cv2.imencode(suffix, stored, options)
    if not written:
        raise ValueError(f"OpenCV could not encode {pixels.shape} {pixels.dtype} as {suffix}")
    return data.tobytes()


def _png_options(pixels: np.ndarray) -> list[int]:
    """Run lengths after the average filter.

    Half the time of the fastest dictionary search, and for photos no larger. Flat pictures (label
    maps) gain from the search.
    """
    import cv2

    if pixels.ndim == 2:
        return [cv2.IMWRITE_PNG_COMPRESSION, 6]
    return [
        *(cv2.IMWRITE_PNG_COMPRESSION, 1),
        *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE),
        *(cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_AVG),
    ]


def _encode_tiff(pixels: np.ndarray, alpha: np.ndarray | None) -> bytes:
    import tifffile

    data = io.BytesIO()
    extra: dict[str, Any] = {} if alpha is None else {"extrasamples": ["unassalpha"]}
    stored = pixels if alpha is None else np.dstack([pixels, alpha])
    tifffile.imwrite(
        data,
        stored,
        photometric="rgb" if pixels.ndim == 3 else "minisblack",
        compression="zlib",
        metadata=None,
        software=False,
        **extra,
    )
    return data.getvalue()
