"""PNG: what its chunks say, and its pixels by OpenCV, which keeps 16 bits.

References
----------
W3C, PNG specification, third edition, 2025: 4.3 "Colour spaces" (which chunk counts: cICP, then
iCCP, then sRGB, then gAMA and cHRM), 11.3 "Ancillary chunks".
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import numpy as np

from ..colour.space import (
    SRGB_CHROMATICITIES,
    UNTAGGED,
    Space,
    from_chromaticities,
    from_cicp,
    srgb,
)
from ..colour.transfer import decode_srgb
from ..tool import exact
from .exif import Exif, read_exif
from .icc import read_profile
from .info import PictureInfo

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MODELS = {0: ("grey", 1), 2: ("RGB", 3), 3: ("palette", 3), 4: ("grey", 2), 6: ("RGB", 4)}
SRGB_GAMMA = 45455  # gAMA chunk of an sRGB picture: 100000 / 2.2 (11.3.2.2)
MAX_PROFILE = 1 << 22
LATE = frozenset({b"eXIf"})  # may stand behind the pixels


def png_info(data: bytes) -> PictureInfo:
    """What the chunks say. Raises ValueError when they are damaged or do not reach the end."""
    chunks = _chunks(data)
    if len(chunks.get(b"IHDR", b"")) != 13:
        raise ValueError("no IHDR chunk")
    width, height, bits, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    if colour not in MODELS:
        raise ValueError(f"colour type {colour} is none")
    model, channels = MODELS[colour]
    keyed = b"tRNS" in chunks and colour in (0, 2, 3)
    exif = read_exif(chunks[b"eXIf"]) if b"eXIf" in chunks else Exif()
    return PictureInfo(
        "png",
        width,
        height,
        bits,
        channels + keyed,
        palette=colour == 3,
        space=_space(chunks) or exif.space or UNTAGGED,
        model=model,
        alpha="straight" if keyed or colour in (4, 6) else "none",
        orientation=exif.orientation,
        compression="deflate",
        notes=exif.notes,
    )


def png_pixels(data: bytes, info: PictureInfo) -> tuple[np.ndarray, np.ndarray | None]:
    """Decode: (H, W) or (H, W, 3) RGB as stored, and alpha. A palette is looked up."""
    import cv2

    codes = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if codes is None:
        raise ValueError("its pixels cannot be decoded: damaged or truncated")
    if codes.ndim == 2:
        return codes, _transparent_grey(data, codes, info)
    alpha = codes[..., 3] if codes.shape[2] == 4 else None
    if info.model == "grey":
        return codes[..., 0], alpha
    to_rgb = cv2.COLOR_BGR2RGB if alpha is None else cv2.COLOR_BGRA2RGB
    return cv2.cvtColor(codes, to_rgb), alpha


def _transparent_grey(data: bytes, codes: np.ndarray, info: PictureInfo) -> np.ndarray | None:
    """OpenCV drops the one transparent grey that a tRNS chunk may name."""
    if info.channels != 2:
        return None
    key = struct.unpack(">H", _chunks(data)[b"tRNS"][:2])[0]
    top = np.iinfo(codes.dtype).max
    shown = key * top // (2**info.bits - 1)
    return np.where(codes == shown, 0, top).astype(codes.dtype)


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """The first chunk of every kind but IDAT; all of them must be there, up to IEND."""
    found: dict[bytes, bytes] = {}
    place, seen_pixels = len(SIGNATURE), False
    while True:
        if place + 12 > len(data):
            raise ValueError("truncated: the file ends before its IEND chunk")
        size, kind = struct.unpack_from(">I4s", data, place)
        if kind == b"IEND":
            break
        if kind == b"IDAT":
            seen_pixels = True
        elif kind not in found and (not seen_pixels or kind in LATE):
            found[kind] = body = data[place + 8 : place + 8 + size]
            checked = kind in (b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"cICP", b"gAMA", b"cHRM")
            end = place + 8 + size
            if checked and zlib.crc32(kind + body) != int.from_bytes(data[end : end + 4], "big"):
                raise ValueError(f"damaged: the check sum of its {kind.decode()} chunk is wrong")
        place += 12 + size
    if not seen_pixels:
        raise ValueError("no pixels")
    return found


def _space(chunks: dict[bytes, bytes]) -> Space | None:
    if b"cICP" in chunks:
        return from_cicp(*chunks[b"cICP"][:4])
    if b"iCCP" in chunks:
        packed = chunks[b"iCCP"].partition(b"\0")[2][1:]  # behind the byte naming the compression
        return read_profile(zlib.decompressobj().decompress(packed, MAX_PROFILE))
    if b"sRGB" in chunks:
        return srgb("sRGB chunk")
    return _by_gamma_and_primaries(chunks)


def _by_gamma_and_primaries(chunks: dict[bytes, bytes]) -> Space | None:
    if not {b"gAMA", b"cHRM"} & chunks.keys():
        return None
    curve: Callable[[np.ndarray], np.ndarray] = decode_srgb
    names: list[str] = []
    points = SRGB_CHROMATICITIES
    if b"cHRM" in chunks:
        numbers = np.array(struct.unpack(">8I", chunks[b"cHRM"][:32])) / 100_000
        points = tuple((float(x), float(y)) for x, y in numbers.reshape(4, 2))
        if np.abs(np.array(points) - SRGB_CHROMATICITIES).max() > 0.001:
            names.append("own primaries")
    if b"gAMA" in chunks:
        gamma = struct.unpack(">I", chunks[b"gAMA"][:4])[0]
        if gamma == 0:
            raise ValueError("its gAMA chunk says 0")
        if names or abs(gamma - SRGB_GAMMA) > 50:  # with sRGB's primaries it stands for its curve
            exponent = 100_000 / gamma
            curve = lambda encoded: exact.raised(encoded, exponent)  # noqa: E731
            names.append(f"gamma {gamma / 100_000:g}")
    name = ", ".join(names)
    return from_chromaticities(name or "sRGB", "gAMA and cHRM chunks", points, curve)
