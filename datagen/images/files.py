"""Pictures in and out of files. The only module that imports imageio.

PNG and TIFF hold 8 or 16 bits, grey or RGB; JPEG holds 8. A file with an EXIF orientation is
turned upright, one with an ICC profile (ProPhoto, Adobe RGB, ...) is converted to sRGB. PNG goes
through OpenCV, which is several times faster and keeps 16-bit colour, TIFF through tifffile,
anything else is only read, through imageio.
"""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np

from luts.tool.errors import UserError
from luts.tool.files import whole_file

WRITABLE = (".png", ".tif", ".tiff", ".jpg", ".jpeg")
# Run lengths after the average filter: half the time of the fastest dictionary search, and for
# photos no larger. Flat pictures (label maps) gain from the search.
PNG_PHOTO = (
    *(cv2.IMWRITE_PNG_COMPRESSION, 1),
    *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE),
    *(cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_AVG),
)
PNG_GREY = (cv2.IMWRITE_PNG_COMPRESSION, 6)
JPEG_QUALITY = 95


class ImageError(UserError):
    """A picture that cannot be read or written: path, reason, what is allowed."""


def read_image(path: Path) -> np.ndarray:
    """Read a picture.

    Returns
    -------
    (H, W, 3) sRGB or (H, W) grey, uint8 or uint16, upright. An alpha channel is dropped.

    Raises
    ------
    ImageError : missing, damaged or not a picture; float samples
    """
    path = Path(path)
    if not path.is_file():
        raise ImageError(f"{path}: no such picture")
    try:
        image, profile = _READERS.get(path.suffix.lower(), _read_other)(path)
        if profile and image.ndim == 3 and image.dtype in (np.uint8, np.uint16):
            from .icc import to_srgb

            image = to_srgb(image[:, :, :3], profile)
    except Exception as error:  # every decoder has its own classes for a damaged file
        raise ImageError(f"{path}: not a readable picture ({_first_line(error)})") from error
    if image.dtype not in (np.uint8, np.uint16):
        raise ImageError(f"{path}: samples are {image.dtype}; a picture has 8 or 16 bit integers")
    return _grey_or_rgb(path, image)


def write_image(path: Path, image: np.ndarray) -> None:
    """Write a picture whole or not at all; the suffix decides the format.

    The same pixels give the same bytes on every run: no time stamp, fixed compression.

    Parameters
    ----------
    path : .png, .tif, .tiff (8 or 16 bit) or .jpg, .jpeg (8 bit, quality 95)
    image : (H, W, 3) RGB or (H, W) grey, uint8 or uint16
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in WRITABLE:
        raise ImageError(f"{path}: cannot write {suffix or 'no suffix'}; use {', '.join(WRITABLE)}")
    if image.dtype not in (np.uint8, np.uint16):
        raise TypeError(f"{path}: pictures are uint8 or uint16, got {image.dtype}; see quantise()")
    if not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)) or image.size == 0:
        raise ValueError(f"{path}: pictures are (H, W) or (H, W, 3), got {image.shape}")
    if suffix in (".jpg", ".jpeg") and image.dtype != np.uint8:
        raise ImageError(f"{path}: JPEG holds 8 bits, got {image.dtype}; use .png or .tif")
    with whole_file(path) as scratch:
        scratch.write_bytes(encode(image, suffix))


def encode(image: np.ndarray, suffix: str = ".png") -> bytes:
    """Give the bytes of a PNG, TIFF or JPEG file: (H, W[, 3]) uint8 or uint16 in, one file out."""
    if suffix in (".tif", ".tiff"):
        return _encode_tiff(image)
    if suffix == ".png":
        options = PNG_PHOTO if image.ndim == 3 else PNG_GREY
    else:
        options = (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY)
    bgr = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    written, data = cv2.imencode(suffix, bgr, options)
    if not written:
        raise ValueError(f"OpenCV could not encode {image.shape} {image.dtype} as {suffix}")
    return data.tobytes()


def decode(data: bytes) -> np.ndarray:
    """Decode the bytes of a PNG or JPEG as stored: (H, W, 3) RGB or (H, W) grey, no alpha."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    if image is None:
        raise ImageError("damaged, or neither PNG nor JPEG")
    if image.ndim == 2:
        return image
    return cv2.cvtColor(image, cv2.COLOR_BGRA2RGB if image.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def _read_png(path: Path) -> tuple[np.ndarray, bytes]:
    data = path.read_bytes()
    return decode(data), _png_profile(data)


def _png_profile(data: bytes) -> bytes:
    """The ICC profile of a PNG: chunk iCCP, before the pixels. b"" without one."""
    place = 8
    while place + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        if kind == b"iCCP":
            _, _, packed = data[place + 8 : place + 8 + size].partition(b"\0")
            return zlib.decompress(packed[1:])  # after the byte that names the compression
        if kind == b"IDAT":
            break
        place += 12 + size
    return b""


def _read_tiff(path: Path) -> tuple[np.ndarray, bytes]:
    import tifffile

    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        orientation, profile = page.tags.valueof(274, 1), page.tags.valueof(34675, b"")
        image = page.asarray()
        if page.planarconfig == 2 and image.ndim == 3:
            image = np.moveaxis(image, 0, 2)
    return upright(image, int(orientation)), bytes(profile)


def _read_other(path: Path) -> tuple[np.ndarray, bytes]:
    import imageio.v3 as imageio

    with imageio.imopen(path, "r", plugin="pillow") as file:
        profile = file.metadata().get("icc_profile") or b""
        return file.read(rotate=True), profile  # rotate: by the EXIF orientation


def _encode_tiff(image: np.ndarray) -> bytes:
    import tifffile

    data = io.BytesIO()
    photometric = "rgb" if image.ndim == 3 else "minisblack"
    tifffile.imwrite(
        data, image, photometric=photometric, compression="zlib", metadata=None, software=False
    )
    return data.getvalue()


def upright(image: np.ndarray, orientation: int) -> np.ndarray:
    """Turn and mirror (H, W, ...) samples stored with an EXIF orientation (1 to 8) to view them.

    References
    ----------
    CIPA DC-008 (EXIF 2.32), 4.6.4 "Orientation"
    """
    if orientation not in range(1, 9):
        raise ValueError(f"EXIF orientation is 1 to 8, got {orientation}")
    if orientation >= 5:
        image = image.swapaxes(0, 1)
    rows = -1 if orientation in (3, 4, 7, 8) else 1
    columns = -1 if orientation in (2, 3, 6, 7) else 1
    return np.ascontiguousarray(image[::rows, ::columns])


def _grey_or_rgb(path: Path, image: np.ndarray) -> np.ndarray:
    if image.ndim == 3 and image.shape[2] in (1, 2):
        image = image[:, :, 0]
    if image.ndim == 2:
        return np.ascontiguousarray(image)
    if image.ndim == 3 and image.shape[2] in (3, 4):
        return np.ascontiguousarray(image[:, :, :3])
    raise ImageError(f"{path}: shape {image.shape}; a picture is grey or RGB")


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


_READERS = {".png": _read_png, ".tif": _read_tiff, ".tiff": _read_tiff}
