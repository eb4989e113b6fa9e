"""Makers of DNGs whose right light is known: a camera whose colours are sRGB's."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import tifffile

XYZ_TO_SRGB = np.linalg.inv(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
NEUTRAL = np.array((0.5, 1, 0.625))
MOSAIC, LINEAR_RAW = 32803, 34892
BAYER = ((33421, 3, 2, (2, 2), True), (33422, 1, 4, bytes((0, 1, 1, 2)), True))


def ratios(values, bottom=10000):
    return tuple(n for v in np.ravel(values) for n in (round(float(v) * bottom), bottom))


def tags(white, black=0, *, cfa=True, orientation=1, more=(), drop=()):
    found = [
        (274, 3, 1, orientation, True),
        (271, 2, None, "Test", True),
        (272, 2, None, "Cam", True),
        (50706, 1, 4, (1, 4, 0, 0), True),
        (50708, 2, None, "Test Cam", True),
        (50721, 10, 9, ratios(XYZ_TO_SRGB), True),
        (50778, 3, 1, 21, True),
        (50728, 5, 3, ratios(NEUTRAL), True),
        (50714, 4, int(np.size(black)), black, True),
    ]
    if white is not None:
        found.append((50717, 4, int(np.size(white)), white, True))
    if cfa:
        found += [*BAYER, (50711, 3, 1, 1, True)]
    return [tag for tag in found if tag[0] not in drop] + list(more)


def save(path, samples, extratags, photometric, **options):
    tifffile.imwrite(
        path,
        samples,
        photometric=photometric,
        metadata=None,
        software=False,
        rowsperstrip=samples.shape[0],
        extratags=extratags,
        **options,
    )
    return path


def scene(height=128, width=192):
    """Linear light: a smooth coloured ramp."""
    y, x = np.mgrid[:height, :width] / height
    return np.stack([0.02 + 0.25 * x, 0.02 + 0.5 * y, 0.35 - 0.3 * y], -1)


def camera(light, most=1.0):
    return np.clip(light * NEUTRAL, 0, most)


def mosaic(light, black, white, most=1.0):
    seen, found = camera(light, most), np.empty(light.shape[:2])
    for i, k in enumerate((0, 1, 1, 2)):
        found[i // 2 :: 2, i % 2 :: 2] = black + seen[i // 2 :: 2, i % 2 :: 2, k] * (white - black)
    return found


def bayer_dng(path, light=None, black=512, white=16383, **options):
    light = scene() if light is None else light
    codes = np.rint(mosaic(light, black, white)).astype(np.uint16)
    return save(path, codes, tags(white, black, **options), MOSAIC)


def lossy_dng(path: Path, light=None, *, curve=None, more=(), **levels):
    """A linear DNG of one 8-bit JPEG (compression 34892), as LibRaw expects: sRGB codes.

    `curve` is another encoding of camera light in [0, 1].
    """
    seen = camera(scene() if light is None else light)
    if curve is None:
        coded = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    else:
        coded = curve(seen)
    code = np.rint(255 * coded).astype(np.uint8)
    full = cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
    data = cv2.imencode(".jpg", code[..., ::-1], [1, 98, *full])[1].tobytes()
    known = {"white": (255,) * 3, **levels}
    save(path, code, tags(cfa=False, more=more, **known), LINEAR_RAW)
    end = path.stat().st_size
    with tifffile.TiffFile(path) as file:
        found = {key: file.pages.first.tags[key] for key in (259, 273, 279)}
    with path.open("r+b") as stream:
        for key, value in ((259, 34892), (273, end), (279, len(data))):
            tag = found[key]
            stream.seek(tag.valueoffset)
            stream.write(struct.pack("<H" if tag.dtype == 3 else "<I", value))
        stream.seek(end)
        stream.write(data)
    return path


def enhanced_dng(path, light=None):
    """A mosaic, and beside it a picture of twice its size with levels of its own."""
    light = scene() if light is None else light
    codes = np.rint(mosaic(light, 512, 16383)).astype(np.uint16)
    large = np.rint(65535 * cv2.resize(camera(light), None, fx=2, fy=2)).astype(np.uint16)
    first = tags(None, cfa=False, drop=(50714,))
    raw = [tag for tag in tags(16383, 512) if tag[0] in (33421, 33422, 50711, 50714, 50717)]
    white = [(50717, 4, 3, (65535,) * 3, True)]
    plain = {"metadata": None, "software": False}
    with tifffile.TiffWriter(path) as file:
        preview = np.zeros((32, 48, 3), np.uint8)
        file.write(preview, photometric="rgb", subfiletype=1, subifds=2, extratags=first, **plain)
        for samples, kind, photometric, extra in (
            (codes, 0, MOSAIC, raw),
            (large, 16, LINEAR_RAW, white),
        ):
            file.write(
                samples,
                photometric=photometric,
                subfiletype=kind,
                rowsperstrip=samples.shape[0],
                extratags=extra,
                **plain,
            )
    return path


def polynomial_opcodes(*coefficients, planes=((0, 1), (1, 1), (2, 1)), size=(128, 192)):
    """An OpcodeList2 of MapPolynomials, by default one per plane as Adobe writes them."""
    found = struct.pack(">I", len(planes))
    for first, count in planes:
        body = struct.pack(">8I", 0, 0, *size, first, count, 1, 1)
        body += struct.pack(">I", len(coefficients) - 1)
        body += struct.pack(f">{len(coefficients)}d", *coefficients)
        found += struct.pack(">4I", 8, 0x01030000, 0, len(body)) + body
    return [(51009, 7, None, found, True)]
