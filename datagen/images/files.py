"""Pictures in and out of files, as arrays: the reader and writer of `luts.pictures`.

PNG and TIFF hold 8 or 16 bits, grey or RGB; JPEG holds 8. What is read is upright and in sRGB,
whatever colour model and colour space the file states; see `luts.pictures.read`.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from luts.colour.transfer import encode_srgb
from luts.pictures.info import PictureError as ImageError
from luts.pictures.info import PictureInfo
from luts.pictures.read import read_samples, upright
from luts.pictures.write import WRITABLE, encode, write_picture

LIGHT = (".exr", ".hdr")

__all__ = [
    "WRITABLE",
    "ImageError",
    "decode",
    "encode",
    "read_image",
    "read_noting",
    "upright",
    "write_image",
]


def read_image(path: Path, *, floats: bool = False) -> np.ndarray:
    """Read a picture.

    Parameters
    ----------
    floats : read float TIFF, EXR and Radiance files too, as linear light with white at 1

    Returns
    -------
    (H, W, 3) sRGB or (H, W) grey, uint8 or uint16, upright. An alpha channel is dropped.

    Raises
    ------
    ImageError : missing, damaged, not a picture, or nothing that can be taken to sRGB
    """
    return read_noting(path, floats=floats)[0]


def read_noting(path: Path, *, floats: bool = False) -> tuple[np.ndarray, PictureInfo | None]:
    """`read_image` with what the file says about itself; None for EXR and Radiance files."""
    path = Path(path)
    if not path.is_file():
        raise ImageError(f"{path}: no such picture")
    if floats and path.suffix.lower() in LIGHT:
        return _from_light(path), None
    try:
        codes, _, info = read_samples(path, floats=floats)
    except OSError as error:
        raise ImageError(f"{path}: {error.strerror}") from None
    return codes, info


def write_image(path: Path, image: np.ndarray) -> None:
    """Write a picture whole or not at all; the suffix decides the format.

    The same pixels give the same bytes on every run: no time stamp, fixed compression.

    Parameters
    ----------
    path : .png, .tif, .tiff (8 or 16 bit) or .jpg, .jpeg (8 bit, quality 95)
    image : (H, W, 3) RGB or (H, W) grey, uint8 or uint16
    """
    if image.dtype not in (np.uint8, np.uint16):
        raise TypeError(f"{path}: pictures are uint8 or uint16, got {image.dtype}; see quantise()")
    if not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)) or image.size == 0:
        raise ValueError(f"{path}: pictures are (H, W) or (H, W, 3), got {image.shape}")
    write_picture(path, image)


def decode(data: bytes) -> np.ndarray:
    """Decode the bytes of a PNG or JPEG as stored: (H, W, 3) RGB or (H, W) grey, no alpha."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    if image is None:
        raise ImageError("damaged, or neither PNG nor JPEG")
    if image.ndim == 2:
        return image
    return cv2.cvtColor(image, cv2.COLOR_BGRA2RGB if image.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def _from_light(path: Path) -> np.ndarray:
    """The light of an EXR or Radiance file up to white, as 16-bit sRGB codes."""
    from .hdr import read_scene

    light = read_scene(path)
    if np.median(light) > 1:
        raise ImageError(f"{path}: half of it is brighter than white, 1.0; expose it first")
    return np.rint(encode_srgb(np.minimum(light, 1)) * 65535).astype(np.uint16)
