"""Makers of picture files whose right pixels are known, for the tests of the reader."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import tifffile

ROWS, COLUMNS = np.mgrid[:64, :96]
PIC = np.stack([COLUMNS * 2.6, ROWS * 4, (COLUMNS + ROWS) * 1.5], -1).clip(0, 255).astype(np.uint8)
RAMP = np.broadcast_to(np.linspace(0, 255, 96).astype(np.uint8), (64, 96))
SRGB_D50 = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
P3_D50 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))


def linear(v):
    """The sRGB curve of IEC 61966-2-1, written once more."""
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def encoded(v):
    return np.where(v <= 0.0031308, v * 12.92, 1.055 * np.maximum(v, 1e-9) ** (1 / 2.4) - 0.055)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(codes, *extra):
    """An RGB PNG with further chunks before its pixels."""
    deep = codes.dtype == np.uint16
    rows = b"".join(b"\0" + row.astype(">u2" if deep else "u1").tobytes() for row in codes)
    head = struct.pack(">IIBBBBB", codes.shape[1], codes.shape[0], 16 if deep else 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + b"".join(chunk(*each) for each in extra)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def icc(name, *, light=False, primaries=SRGB_D50, model=b"RGB "):
    """A matrix profile under any name: the sRGB curve as a table, or none at all."""
    n = 0 if light else 1024
    curve = b"curv\0\0\0\0" + struct.pack(">I", n)
    curve += (linear(np.arange(n) / 1023) * 65535 + 0.5).astype(">u2").tobytes() if n else b""

    def xyz(v):
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(t * 65536)) for t in v)

    text = name.encode() + b"\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + b"\0" * 79
    tags = [(b"desc", description), (b"wtpt", xyz((0.9642, 1, 0.8249)))]
    tags += [(k + b"XYZ", xyz(c)) for k, c in zip((b"r", b"g", b"b"), primaries, strict=True)]
    tags += [(k + b"TRC", curve) for k in (b"r", b"g", b"b", b"k")]
    table, body, at = b"", b"", 132 + 12 * len(tags)
    for key, tag in tags:
        tag += b"\0" * (-len(tag) % 4)
        table += key + struct.pack(">II", at + len(body), len(tag))
        body += tag
    head = bytearray(128)
    head[0:4] = struct.pack(">I", at + len(body))
    head[8:12], head[12:16], head[16:20], head[20:24] = (
        bytes((2, 32, 0, 0)),
        b"mntr",
        model,
        b"XYZ ",
    )
    head[36:40], head[68:80] = b"acsp", xyz((0.9642, 1, 0.8249))[8:]
    return bytes(head) + struct.pack(">I", len(tags)) + table + body


def iccp(profile):
    return b"iCCP", b"p\0\0" + zlib.compress(profile)


def exif(*, space=None, index=None, orientation=None):
    """A little-endian EXIF block: ColorSpace, InteroperabilityIndex, Orientation."""
    first = [(0x0112, 3, 1, struct.pack("<HH", orientation, 0))] if orientation is not None else []
    shot_at = 8 + 2 + 12 * (len(first) + 1) + 4
    first.append((0x8769, 4, 1, struct.pack("<I", shot_at)))
    shot = [(0xA001, 3, 1, struct.pack("<HH", space, 0))] if space is not None else []
    index_at = shot_at + 2 + 12 * (len(shot) + 1) + 4
    shot.append((0xA005, 4, 1, struct.pack("<I", index_at)))
    inter = [(1, 2, 4, index)] if index else []

    def directory(entries):
        body = b"".join(struct.pack("<HHI", *entry[:3]) + entry[3] for entry in entries)
        return struct.pack("<H", len(entries)) + body + struct.pack("<I", 0)

    return b"II*\0\x08\0\0\0" + directory(first) + directory(shot) + directory(inter)


def tiff(codes, **options):
    data = io.BytesIO()
    tifffile.imwrite(data, codes, metadata=None, **{"photometric": "rgb", **options})
    return data.getvalue()


def pillow(image, kind, **options):
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()
