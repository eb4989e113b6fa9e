"""WebP, GIF, BMP and PPM, by Pillow: formats of eight bits that masks and downloads come in."""

from __future__ import annotations

import io
import struct
import warnings

import numpy as np

from ..colour.space import UNTAGGED
from .exif import read_exif
from .icc import read_profile
from .info import PictureInfo

FORMATS = ("WEBP", "GIF", "BMP", "PPM")
MODES = {  # Pillow's mode -> model, channels, what to convert to
    "1": ("grey", 1, "L"),
    "L": ("grey", 1, "L"),
    "LA": ("grey", 2, "LA"),
    "P": ("palette", 3, "RGB"),
    "PA": ("palette", 4, "RGBA"),
    "RGB": ("RGB", 3, "RGB"),
    "RGBX": ("RGB", 3, "RGB"),
    "RGBA": ("RGB", 4, "RGBA"),
}
V4_HEADER = 108  # bytes of a BMP header that states a colour space
NAMED = (b"BGRs", b" niW")  # 'sRGB' and 'Win ', little-endian


def other_pixels(data: bytes) -> tuple[np.ndarray, np.ndarray | None, PictureInfo]:
    """Decode the first frame: (H, W) or (H, W, 3) uint8, alpha, info. Raises ValueError."""
    from PIL import Image, UnidentifiedImageError

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Pillow only warns of pictures that are too large
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                return _decoded(image, data)
        except UnidentifiedImageError:
            raise ValueError("not a PNG, TIFF or JPEG file, nor WebP, GIF, BMP or PPM") from None
        except (Image.DecompressionBombError, Warning) as error:
            raise ValueError(str(error)) from None


def _decoded(image, data: bytes) -> tuple[np.ndarray, np.ndarray | None, PictureInfo]:
    if image.mode not in MODES:
        raise ValueError(f"samples of Pillow's mode {image.mode}; export it as PNG")
    model, channels, target = MODES[image.mode]
    if model == "palette" and "transparency" in image.info:
        channels, target = 4, "RGBA"
    exif = read_exif(image.info.get("exif") or b"")
    profile = image.info.get("icc_profile")
    space = read_profile(profile) if profile else exif.space or UNTAGGED
    if image.format == "BMP":
        _check_bmp(data)
    frames = getattr(image, "n_frames", 1)
    info = PictureInfo(
        image.format.lower(),
        image.width,
        image.height,
        1 if image.mode == "1" else 8,
        channels,
        palette=model == "palette",
        space=space,
        model=model,
        alpha="straight" if channels in (2, 4) else "none",
        orientation=exif.orientation,
        compression=str(image.info.get("compression", "")),
        notes=exif.notes + ((f"the first of {frames} frames",) if frames > 1 else ()),
    )
    codes = np.asarray(image.convert(target))
    if channels in (1, 3):
        return codes, None, info
    colour = codes[..., 0] if channels == 2 else codes[..., :3]
    return np.ascontiguousarray(colour), np.ascontiguousarray(codes[..., -1]), info


def _check_bmp(data: bytes) -> None:
    """Refuse a BMP whose version 4 or 5 header names another space than sRGB."""
    size = struct.unpack_from("<I", data, 14)[0]
    if size >= V4_HEADER and len(data) > 74:
        named, points = data[70:74], any(data[74:110])
        if named not in NAMED and (named != bytes(4) or points):
            raise ValueError("a BMP with a colour space of its own; export it as PNG")
