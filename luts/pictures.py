"""Pictures in and out at their own bit depth, with all that could have changed their colours.

Pillow and many others open a 16-bit RGB PNG as 8-bit in silence; OpenCV does not.
Nothing here converts colours: what the headers say is reported, and the caller decides.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .lut import LutFormatError
from .tool.files import whole_file

MAX_PIXELS = 1 << 28
SRGB_GAMMA = 45455  # gAMA chunk of an sRGB picture: 100000 / 2.2 (PNG specification, 11.3.2.2)
MAX_PROFILE = 1 << 22
ICC_TAG = 34675
SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg")


@dataclass(frozen=True)
class PictureInfo:
    """What a file's headers say."""

    kind: str  # "png", "tiff" or "jpeg"
    width: int
    height: int
    bits: int
    channels: int  # 1 grey, 2 grey + alpha, 3 RGB, 4 RGB + alpha
    palette: bool = False
    profile: str = ""  # the ICC profile's own name; "unnamed" when it has none
    gamma: float | None = None  # exponent of an encoding other than sRGB, from a gAMA chunk
    subsampled: bool = False  # JPEG with chroma at a lower resolution

    @property
    def is_srgb(self) -> bool:
        """Whether the numbers can be taken as sRGB: untagged, or tagged so."""
        return self.gamma is None and (not self.profile or "srgb" in self.profile.lower())


@dataclass(frozen=True, eq=False)
class Picture:
    """Pixels as stored: (H, W, 3) uint8 or uint16, RGB, and the alpha plane if there is one."""

    pixels: np.ndarray
    alpha: np.ndarray | None
    info: PictureInfo


def read_info(path: Path | str) -> PictureInfo:
    """Read the headers of a PNG, TIFF or JPEG file; no pixel is decoded.

    Raises
    ------
    LutFormatError : not such a file, damaged, or larger than 2^28 pixels
    OSError : cannot be opened
    """
    with Path(path).open("rb") as stream:
        start = stream.read(16)
        stream.seek(0)
        try:
            if start.startswith(b"\x89PNG\r\n\x1a\n"):
                info = _png_info(stream)
            elif start.startswith(b"\xff\xd8"):
                info = _jpeg_info(stream)
            elif start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
                info = _tiff_info(stream)
            else:
                raise LutFormatError(f"{path}: not a PNG, TIFF or JPEG file")
        except (struct.error, zlib.error, ValueError, IndexError, KeyError, TypeError) as error:
            if isinstance(error, LutFormatError):
                raise
            raise LutFormatError(f"{path}: damaged header: {error}") from None
    if not 0 < info.width * info.height <= MAX_PIXELS:
        raise LutFormatError(f"{path}: {info.width}x{info.height} pixels; at most 2^28 are read")
    return info


def read_picture(path: Path | str) -> Picture:
    """Read a PNG, TIFF or JPEG file at its own depth, a JPEG turned upright.

    Returns
    -------
    Picture of uint8 or uint16; grey is repeated into three channels, a palette is looked up.

    Raises
    ------
    LutFormatError : not such a file, damaged, not 8 or 16 bits
    """
    info = read_info(path)
    pixels = _decode(path, info.kind)
    if pixels is None or pixels.dtype not in (np.uint8, np.uint16):
        found = "no picture that can be decoded" if pixels is None else f"{pixels.dtype} samples"
        raise LutFormatError(f"{path}: {found}; 8 and 16-bit pictures are read")
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    if pixels.ndim != 3 or sorted(pixels.shape[:2]) != sorted((info.height, info.width)):
        raise LutFormatError(f"{path}: damaged: the pixels do not match the header")
    if not 1 <= pixels.shape[2] <= 4:
        raise LutFormatError(f"{path}: {pixels.shape[2]} channels; grey and RGB are read")
    has_alpha = pixels.shape[2] in (2, 4)
    colour = pixels[..., :-1] if has_alpha else pixels
    colour = np.ascontiguousarray(np.broadcast_to(colour, (*colour.shape[:2], 3)))
    return Picture(colour, pixels[..., -1] if has_alpha else None, info)


def write_picture(path: Path | str, pixels: np.ndarray, alpha: np.ndarray | None = None) -> None:
    """Write (H, W, 3) RGB, and an alpha plane of the same dtype, as the suffix says.

    PNG and TIFF take uint8 and uint16; JPEG takes uint8 without alpha, at quality 95, 4:4:4.

    Raises
    ------
    LutFormatError : the suffix is not known, or its format cannot hold these pixels
    """
    import cv2

    path = Path(path)
    check_suffix(path)
    stacked = pixels if alpha is None else np.dstack([pixels, alpha])
    jpeg = path.suffix.lower() in (".jpg", ".jpeg")
    if jpeg and (alpha is not None or pixels.dtype != np.uint8):
        raise LutFormatError(f"{path}: JPEG holds 8 bits and no transparency; write .png or .tif")
    order = cv2.COLOR_RGB2BGR if alpha is None else cv2.COLOR_RGBA2BGRA
    sampling = cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
    options = [cv2.IMWRITE_JPEG_QUALITY, 95, *sampling] if jpeg else []
    with whole_file(path) as scratch:
        cv2.imwrite(str(scratch), cv2.cvtColor(stacked, order), options)


def check_suffix(path: Path) -> None:
    """Refuse to write to a name that does not say which format is meant."""
    if Path(path).suffix.lower() not in SUFFIXES:
        raise LutFormatError(f"{path}: pictures are written as {', '.join(SUFFIXES)}")


def _decode(path: Path | str, kind: str) -> np.ndarray | None:
    import cv2

    try:
        pixels = cv2.imread(str(path), cv2.IMREAD_COLOR if kind == "jpeg" else cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if pixels is not None and pixels.ndim == 3 and pixels.shape[2] >= 3:
        alpha = pixels.shape[2] == 4
        pixels = cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA if alpha else cv2.COLOR_BGR2RGB)
    return pixels


def _png_info(stream) -> PictureInfo:
    """Chunks up to the first pixel (PNG specification, third edition, section 11)."""
    stream.read(8)
    header, seen, profile, gamma = b"", set(), "", None
    while True:
        length, kind = struct.unpack(">I4s", stream.read(8))
        if kind in (b"IDAT", b"IEND"):
            break
        if length > MAX_PROFILE:
            raise ValueError(f"chunk {kind!r} of {length} bytes")
        body = stream.read(length)
        stream.read(4)
        seen.add(kind)
        if kind == b"IHDR":
            header = body
        elif kind == b"iCCP":
            packed = body.split(b"\0", 1)[1][1:]
            profile = _profile_name(zlib.decompressobj().decompress(packed, MAX_PROFILE))
        elif kind == b"gAMA" and abs(struct.unpack(">I", body)[0] - SRGB_GAMMA) > 50:
            gamma = struct.unpack(">I", body)[0] / 100000
    width, height, bits, colour = struct.unpack(">IIBB", header[:10])
    channels = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}[colour]
    if b"tRNS" in seen:
        channels = {1: 2, 3: 4}.get(channels, channels)
    if b"sRGB" in seen or profile:  # both outrank gAMA
        gamma = None
    palette = colour == 3
    return PictureInfo("png", width, height, bits, channels, palette, profile, gamma)


def _jpeg_info(stream) -> PictureInfo:
    """Segments up to the frame header (ITU-T T.81, annex B)."""
    stream.read(2)
    profile = ""
    while True:
        marker, length = struct.unpack(">HH", stream.read(4))
        if marker >> 8 != 0xFF or marker == 0xFFDA or length < 2:
            raise ValueError("no frame header")
        body = stream.read(length - 2)
        if marker == 0xFFE2 and body.startswith(b"ICC_PROFILE\0"):
            profile = profile or _profile_name(body[14:])
        # 0xC4, 0xC8 and 0xCC are tables, the other 0xC* start a frame.
        if 0xFFC0 <= marker <= 0xFFCF and marker not in (0xFFC4, 0xFFC8, 0xFFCC):
            bits, height, width, channels = struct.unpack(">BHHB", body[:6])
            sampling = {body[7 + 3 * index] for index in range(channels)}
            mixed = len(sampling) > 1
            return PictureInfo("jpeg", width, height, bits, channels, False, profile, None, mixed)


def _tiff_info(stream) -> PictureInfo:
    import tifffile

    try:
        with tifffile.TiffFile(stream) as tiff:
            page = tiff.pages[0]
            profile = page.tags.get(ICC_TAG)
            name = _profile_name(bytes(profile.value)) if profile is not None else ""
            palette = page.photometric == tifffile.PHOTOMETRIC.PALETTE
            width, height = page.imagewidth, page.imagelength
            samples = 3 if palette else page.samplesperpixel
            return PictureInfo("tiff", width, height, page.bitspersample, samples, palette, name)
    except Exception as error:  # tifffile lets every kind of error out of a damaged file
        raise ValueError(str(error)) from None


def _profile_name(profile: bytes) -> str:
    """The description inside an ICC profile (ICC.1:2022, 9.2.41), or "unnamed"."""
    count = int.from_bytes(profile[128:132], "big")
    for index in range(min(count, 100)):
        entry = profile[132 + 12 * index : 144 + 12 * index]
        if entry[:4] == b"desc":
            offset, length = struct.unpack(">II", entry[4:12])
            text = profile[offset : offset + min(length, 400)]
            if text[:4] == b"mluc":
                size, start = struct.unpack(">II", text[20:28])
                return text[start : start + size].decode("utf-16-be", "replace") or "unnamed"
            return text[12:].split(b"\0", 1)[0].decode("latin-1") or "unnamed"
    return "unnamed"
