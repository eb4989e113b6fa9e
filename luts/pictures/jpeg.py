"""JPEG: what its segments say, and its pixels by libjpeg-turbo.

References
----------
ITU-T T.81, annex B (B.1.1.2: any marker may be preceded by fill bytes); ITU-T T.872 (Adobe's
APP14); ICC.1:2022, B.4 (a profile in several APP2 segments).
"""

from __future__ import annotations

import io
import re
import struct
from typing import Any

import numpy as np

from ..colour.space import UNTAGGED, through_profile
from .exif import Exif, read_exif
from .icc import read_profile
from .info import PictureInfo

SIGNATURE = b"\xff\xd8"
END = b"\xff\xd9"
BARE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a segment
# 0xC4, 0xC8 and 0xCC are tables, the other 0xC* start a frame.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
DECODED = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})  # not the lossless and hierarchical ones
COMPRESSION = {0xC2: "progressive DCT", 0xCA: "progressive DCT"}
MODELS = {1: "grey", 3: "YCbCr", 4: "CMYK"}


def jpeg_info(data: bytes) -> PictureInfo:
    """What the segments say. Raises ValueError when they are damaged, or the file ends early."""
    parts: dict[Any, Any] = {}
    frame, frame_kind, adobe, exif, jfif = b"", 0, None, Exif(), False
    for marker, body in _segments(data):
        if marker in FRAMES and not frame:
            frame, frame_kind = body, marker
        elif marker == 0xE1 and body.startswith(b"Exif\0"):
            exif = read_exif(body[6:])
        elif marker == 0xE2 and body.startswith(b"ICC_PROFILE\0") and len(body) > 14:
            parts.setdefault(body[12], body[14:])
        elif marker == 0xEE and body.startswith(b"Adobe") and len(body) >= 12:
            adobe = body[11]
        elif marker == 0xE0 and body.startswith(b"JFIF\0"):
            jfif = True
    if len(frame) < 6:
        raise ValueError("no frame header")
    bits, height, width, channels = struct.unpack(">BHHB", frame[:6])
    if frame_kind not in DECODED:
        raise ValueError(f"a lossless or hierarchical JPEG (SOF{frame_kind - 0xC0}) is not decoded")
    if channels not in MODELS or len(frame) < 6 + 3 * channels:
        raise ValueError(f"a JPEG of {channels} components")
    if bits != 8:
        raise ValueError(f"{bits} bits per sample; JPEG of 8 bits is read")
    ids = bytes(frame[6 + 3 * index] for index in range(channels))
    sampling = {frame[7 + 3 * index] for index in range(channels)}
    model = MODELS[channels]
    if channels == 3 and (adobe == 0 or (adobe is None and not jfif and ids == b"RGB")):
        model = "RGB"
    profile = b"".join(parts[number] for number in sorted(parts))
    space = read_profile(profile) if profile else exif.space or UNTAGGED
    return PictureInfo(
        "jpeg",
        width,
        height,
        bits,
        1 if channels == 1 else 3,
        space=space,
        subsampled=len(sampling) > 1,
        model=model,
        orientation=exif.orientation,
        compression=COMPRESSION.get(frame_kind, "DCT"),
        notes=exif.notes,
    )


def jpeg_pixels(data: bytes, info: PictureInfo) -> np.ndarray:
    """Decode: (H, W) grey or (H, W, 3) RGB, not turned. CMYK comes out as sRGB."""
    import cv2

    if info.model == "CMYK":
        return _from_cmyk(data, info)
    flags = cv2.IMREAD_GRAYSCALE if info.model == "grey" else cv2.IMREAD_COLOR_RGB
    codes = cv2.imdecode(np.frombuffer(data, np.uint8), flags | cv2.IMREAD_IGNORE_ORIENTATION)
    if codes is None:
        raise ValueError("its pixels cannot be decoded: damaged or truncated")
    return codes


def _from_cmyk(data: bytes, info: PictureInfo) -> np.ndarray:
    from PIL import Image

    with Image.open(io.BytesIO(data)) as image:
        image.load()  # Adobe's inverted inks have been turned round here
        if info.space.model == "CMYK":
            return through_profile(image, info.space)
        return np.asarray(image.convert("RGB"))


def _segments(data: bytes):
    """Marker and body of every segment before the first scan, whose end must be there, too."""
    place = 2
    while True:
        marker = data[place : place + 2]
        if len(marker) < 2:
            raise ValueError("truncated: the file ends in its headers")
        if marker[0] != 0xFF:
            raise ValueError("no marker where a segment should begin")
        if marker[1] == 0xFF:  # a fill byte
            place += 1
            continue
        place += 2
        if marker[1] in BARE:
            continue
        if marker == END:
            raise ValueError("no pixels")
        size = int.from_bytes(data[place : place + 2], "big")
        if size < 2 or place + size > len(data):
            raise ValueError("truncated: the file ends in its headers")
        if marker[1] == 0xDA:
            _check_end(data, place + size)
            return
        yield marker[1], data[place + 2 : place + size]
        place += size


def _check_end(data: bytes, start: int) -> None:
    """The scans must reach the end marker: libjpeg paints what is missing grey and goes on."""
    if data.rfind(END, start) < 0:
        raise ValueError("truncated: the file ends before its last scan does")
    if re.match(rb"\xff[\xd8\xd9]", data[start : start + 2]):
        raise ValueError("no pixels")
