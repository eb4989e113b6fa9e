"""Read a picture file: every colour model it can declare becomes RGB or grey in sRGB, or a reason.

The format is told by the first bytes and never by the name. Numbers mean what the file says they
mean: its colour space is taken from every place that states one, in the order of the format's
specification, and converted; polarity, palettes, inks, premultiplied colours, odd depths and the
orientation are undone. What cannot be taken to sRGB is refused, with the remedy.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..colour.space import Curve, to_srgb
from ..colour.transfer import decode_srgb, encode_srgb
from ..tool import exact
from ..tool.files import open_plain
from . import jpeg, other, png, tiff
from .info import Picture, PictureError, PictureInfo, check_size

Samples = tuple[np.ndarray, np.ndarray | None, PictureInfo]
BRIGHT = 1.5  # a float file whose median is above it does not hold light with white at 1


def read_info(path: Path | str) -> PictureInfo:
    """Read what a picture file says about itself.

    Raises
    ------
    PictureError : not a picture, damaged, not supported, or larger than 2^28 pixels
    OSError : cannot be opened
    """
    return _told(path, lambda data: _headers(data) or other.other_pixels(data)[2])


def read_picture(path: Path | str, *, floats: bool = False) -> Picture:
    """Read a picture at its own depth, upright and in sRGB.

    Parameters
    ----------
    floats : read float samples too, as linear light with white at 1, into 16-bit codes

    Returns
    -------
    Picture of uint8 or uint16; grey is repeated into three channels.

    Raises
    ------
    PictureError : not a picture, damaged, truncated, or with samples that have no sRGB meaning
    OSError : cannot be opened
    """
    codes, alpha, info = read_samples(path, floats=floats)
    if codes.ndim == 2:
        codes = np.repeat(codes[..., None], 3, axis=2)
    return Picture(codes, alpha, info)


def read_samples(path: Path | str, *, floats: bool = False) -> Samples:
    """`read_picture` with grey left as (H, W): samples, alpha or None, info."""
    return _told(path, lambda data: _decoded(data, floats))


def read_light(path: Path | str) -> np.ndarray:
    """The light of a picture: float samples uncut, as they are; others decoded from sRGB.

    Returns
    -------
    (H, W, 3) float32, linear sRGB, upright; may hold infinity and what is not a number.

    Raises
    ------
    PictureError : as `read_picture`
    OSError : cannot be opened
    """
    return _told(path, _light)


def is_picture(path: Path | str) -> bool:
    """Whether a file begins as a picture does."""
    path = Path(path)
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        start = stream.read(12)
    known = (png.SIGNATURE, jpeg.SIGNATURE, *tiff.SIGNATURES, b"GIF8", b"BM")
    return start.startswith(known) or (start[:4] == b"RIFF" and start[8:] == b"WEBP")


def describe(info: PictureInfo) -> list[tuple[str, str]]:
    """What was found in a file, as pairs of a word and a text, for people to read."""
    space = info.space
    stated = f"{space.name} ({space.origin})"
    if space.origin == "untagged":
        stated = "none stated; taken as sRGB"
    elif not info.is_srgb:
        stated += ", converted to sRGB"
    elif space.name.lower() != "srgb":
        stated += ", is sRGB by content"
    if info.model == "CMYK" and space.model != "CMYK":
        stated = "CMYK without a profile; inks multiplied"
    alpha = {"premultiplied": "premultiplied; colours are divided by it"}.get(info.alpha)
    samples = f"{info.bits}-bit {info.sample} {info.model}"
    found = [
        ("file", f"{info.kind}{f', {info.compression}' if info.compression else ''}"),
        ("size", f"{info.width} x {info.height}"),
        ("samples", samples + (", chroma subsampled" if info.subsampled else "")),
        ("alpha", alpha or info.alpha),
        ("orientation", f"{info.orientation}{', turned upright' * (info.orientation != 1)}"),
        ("colour space", stated),
    ]
    return found + [("note", note) for note in info.notes]


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


def _told(path: Path | str, work: Callable):
    """Run a reader on a file's bytes; whatever it dislikes becomes one line with the path."""
    with open_plain(path) as stream:
        is_tiff = stream.read(4) in tiff.SIGNATURES
        stream.seek(0)
        # A TIFF is read strip by strip from its file, the others from memory.
        data = Path(path) if is_tiff else stream.read()
    try:
        return work(data)
    except MemoryError:
        raise PictureError(f"{path}: too large for the memory there is") from None
    except PictureError:
        raise
    except Exception as error:  # every decoder has its own classes for a damaged file
        raise PictureError(f"{path}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    damaged = isinstance(error, struct.error | zlib.error | IndexError | KeyError | TypeError)
    return f"damaged: {text}" if damaged else text


def _headers(data: bytes | Path) -> PictureInfo | None:
    """The info of the formats whose headers are ours to read; None for the others."""
    if isinstance(data, Path):
        return tiff.tiff_info(data)
    if not data:
        raise ValueError("the file is empty")
    if data.startswith(png.SIGNATURE):
        info = png.png_info(data)
    elif data.startswith(jpeg.SIGNATURE):
        info = jpeg.jpeg_info(data)
    else:
        return None
    check_size(info.width, info.height)
    return info


def _stored(data: bytes | Path) -> Samples:
    """RGB or grey samples as the file has them, not upright, in its own colour space."""
    told = None if isinstance(data, Path) else _headers(data)
    if isinstance(data, Path):  # opened once for headers and pixels
        codes, alpha, info = tiff.tiff_pixels(data)
    elif told is None:
        codes, alpha, info = other.other_pixels(data)
    elif told.kind == "png":
        (codes, alpha), info = png.png_pixels(data, told), told
    else:
        codes, alpha, info = jpeg.jpeg_pixels(data, told), None, told
    if codes.shape[:2] != (info.height, info.width):
        raise ValueError("damaged: the pixels do not match the header")
    if info.alpha == "premultiplied" and alpha is not None:
        codes = _divided(codes, alpha)
    return codes, alpha, info


def _decoded(data: bytes | Path, floats: bool) -> Samples:
    codes, alpha, info = _stored(data)
    if codes.dtype.kind == "f":
        codes, info = _from_light(codes, info, floats)
        alpha = None
    elif info.model not in ("CMYK", "Lab"):  # these two have been converted where they were read
        codes = to_srgb(codes, info.space)
    if info.orientation != 1:
        codes = upright(codes, info.orientation)
        alpha = None if alpha is None else upright(alpha, info.orientation)
    return codes, alpha, info


def _light(data: bytes | Path) -> np.ndarray:
    codes, _, info = _stored(data)
    if codes.dtype.kind == "f":
        light = _linear(codes, info)
    else:
        if info.model not in ("CMYK", "Lab"):
            codes = to_srgb(codes, info.space)
        light = decode_srgb(codes.astype(np.float32) / np.iinfo(codes.dtype).max)
    if light.ndim == 2:
        light = np.repeat(light[..., None], 3, axis=2)
    return upright(light.astype(np.float32), info.orientation)


def _divided(codes: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Undo the multiplication by alpha; what is fully transparent has no colour and stays."""
    if codes.dtype.kind == "f":
        raise ValueError("float samples multiplied by alpha; export without alpha")
    top = np.iinfo(codes.dtype).max
    weight = np.maximum(alpha, 1).astype(np.float32) / top
    weight = weight[..., None] if codes.ndim == 3 else weight
    return np.rint(np.minimum(codes / weight, top)).astype(codes.dtype)


def _from_light(light: np.ndarray, info: PictureInfo, floats: bool) -> tuple:
    """Float samples as 16-bit sRGB codes: linear light unless a profile says otherwise."""
    if not floats:
        raise ValueError(
            f"float{info.bits} samples; 8 and 16-bit pictures are read. Export it with 16 bits"
        )
    if not np.isfinite(light).all():
        raise ValueError("holds pixels that are not a number")
    if np.median(light) > BRIGHT:
        raise ValueError(
            f"float samples up to {light.max():g}; linear light with white at 1 is read"
        )
    light = np.clip(_linear(light, info), 0, None)
    note = "float samples, taken as linear light"
    if (over := float((light > 1).mean())) > 0:
        note += f"; {over:.2%} above white are cut"
    codes = np.rint(encode_srgb(np.minimum(light, 1).astype(np.float64)) * 65535).astype(np.uint16)
    return codes, replace(info, notes=(*info.notes, note))


def _linear(light: np.ndarray, info: PictureInfo) -> np.ndarray:
    """Float samples as linear sRGB: what they are unless a profile says otherwise."""
    space = info.space
    if space.origin == "untagged":
        return light
    if space.matrix is None or light.ndim == 2:
        raise ValueError(f"float samples with the profile {space.name!r}; convert to sRGB")
    planes = [_unbent(curve, light[..., k]) for k, curve in enumerate(space.curves)]
    return exact.mix(np.stack(planes, axis=-1), space.matrix)


def _unbent(curve: Curve, values: np.ndarray) -> np.ndarray:
    """Samples through a curve that ends at 1; a straight one goes on."""
    ramp = np.linspace(0, 1, 33)
    if np.abs(curve(ramp) - ramp).max() < 1e-6:
        return values
    return curve(np.clip(values, 0, 1))
