"""Carry what a picture says about itself over to one made from it: EXIF and an sRGB profile."""

from __future__ import annotations

import io
import struct
import zlib

ORIENTATION = 0x0112
MOST_EXIF = 65_000  # what one JPEG segment holds


def exif_of(data: bytes) -> bytes:
    """The EXIF block of a picture, for pixels that have been turned upright; b"" without one.

    The thumbnail is left out, since it shows the picture as it was.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as image:
            exif = image.getexif()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, struct.error):
        return b""
    if not exif:
        return b""
    if ORIENTATION in exif:
        exif[ORIENTATION] = 1
    try:
        block = exif.tobytes()
    # A block that cannot be written again, such as one with a number for a text.
    except (struct.error, TypeError, ValueError, KeyError, AttributeError, OverflowError):
        return b""
    block = block.removeprefix(b"Exif\0\0")
    return block if len(block) <= MOST_EXIF else b""


def with_metadata(data: bytes, exif: bytes, profile: bytes = b"") -> bytes:
    """Put EXIF and a profile into a JPEG or PNG file; a PNG without a profile is tagged sRGB.

    Parameters
    ----------
    data : the whole file; other formats come back as they are
    exif : from `exif_of`
    profile : an ICC profile that is sRGB by content, b"" for none
    """
    if data.startswith(b"\xff\xd8"):
        added = b""
        if exif:
            added += _segment(0xE1, b"Exif\0\0" + exif)
        if 0 < len(profile) <= MOST_EXIF:
            added += _segment(0xE2, b"ICC_PROFILE\0\x01\x01" + profile)
        # Behind the JFIF segment, which must stay first.
        at = 4 + struct.unpack(">H", data[4:6])[0] if data[2:4] == b"\xff\xe0" else 2
        return data[:at] + added + data[at:]
    if data.startswith(b"\x89PNG"):
        at = 8 + 25  # signature and IHDR
        if profile:
            added = _chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(profile))
        else:
            added = b"" if b"sRGB" in data[:200] else _chunk(b"sRGB", b"\0")
        if exif:
            added += _chunk(b"eXIf", exif)
        return data[:at] + added + data[at:]
    return data


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
