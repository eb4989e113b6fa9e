"""TIFF by tifffile: every colour model, layout and integer depth, or a reason.

References
----------
Adobe, TIFF 6.0, 1992: sections 8 (orientation), 16 (CMYK), 18 (associated alpha), 20 and 21
(WhitePoint, PrimaryChromaticities, TransferFunction; YCbCr), 23 (CIE Lab); Adobe Photoshop TIFF
Technical Notes, 2002 (ICC Lab).
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from ..colour.space import (
    SRGB_CHROMATICITIES,
    SRGB_FROM_D50,
    UNTAGGED,
    Space,
    from_chromaticities,
    through_profile,
)
from ..colour.transfer import decode_srgb, encode_srgb
from ..tool import exact
from .exif import checked_orientation, exif_space
from .icc import read_profile
from .info import PictureInfo, check_size

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
ICC, WHITE_POINT, CHROMATICITIES, TRANSFER, EXTRA = 34675, 318, 319, 301, 338
INK_SET, COEFFICIENTS, BLACK_WHITE, EXIF, INTEROPERABILITY = 332, 529, 532, 34665, 40965
MODELS = {
    0: ("grey (white is 0)", 1),
    1: ("grey", 1),
    2: ("RGB", 3),
    3: ("palette", 1),
    5: ("CMYK", 4),
    6: ("YCbCr", 3),
    8: ("Lab", 3),
    9: ("Lab", 3),
}
REFUSED = {
    4: "a transparency mask",
    10: "ITU Lab",
    32803: "a sensor's mosaic; develop it with `datagen render`",
    32844: "LogL",
    32845: "LogLuv",
    34892: "linear raw; develop it with `datagen render`",
}
ALPHA = {0: "unspecified", 1: "premultiplied", 2: "straight"}
DECODED_TO_RGB = (6, 7, 34892, 50001, 50002)  # codecs that undo YCbCr themselves
D50 = np.array([0.96422, 1.0, 0.82521])


def tiff_info(path: Path) -> PictureInfo:
    """What the tags of the picture say. Raises ValueError."""
    with _opened(path) as file:
        return _info(_page(file), path.stat().st_size)


def tiff_pixels(path: Path) -> tuple[np.ndarray, np.ndarray | None, PictureInfo]:
    """Decode the first full-size picture.

    Returns
    -------
    Samples (H, W) grey or (H, W, 3) RGB: uint8, uint16 or float32 (as stored, not upright); alpha
    of the same type as integer samples; and the info.
    """
    with _opened(path) as file:
        page = _page(file)
        info = _info(page, path.stat().st_size)
        codes = page.asarray()
        codes = np.moveaxis(codes, 0, 2) if page.planarconfig == 2 and codes.ndim == 3 else codes
        codes = codes[..., None] if codes.ndim == 2 else codes
        if codes.ndim != 3 or codes.shape[:2] != (info.height, info.width):
            raise ValueError(f"shape {codes.shape}; a picture is grey or RGB")
        count = MODELS[page.photometric][1]
        signed = page.photometric == 8 and codes.dtype.kind == "i"
        if signed:  # a and b of CIE Lab; some files call all three signed
            codes = codes.view(f"u{codes.dtype.itemsize}")
        codes = _whole_codes(codes, page.bitspersample, palette=info.palette)
        alpha = np.ascontiguousarray(codes[..., count]) if info.alpha != "none" else None
        codes = codes[..., :count]
        samples = _to_rgb(codes, page, info)
        if alpha is not None and alpha.dtype != samples.dtype:
            alpha = None  # of a palette, or behind a profile: no depth of its own
    return samples, alpha, info


def _opened(path: Path):
    import tifffile

    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    try:
        return tifffile.TiffFile(path)
    except Exception as error:  # tifffile lets every kind of error out of a damaged file
        raise ValueError(f"damaged: {error}") from None


def _page(file):
    """The first directory that is not a reduced picture or a mask (NewSubfileType)."""
    for page in file.pages[:8]:
        if not int(page.subfiletype) & 5:
            return page
    return file.pages[0]


def _info(page, size: int) -> PictureInfo:
    kind = int(page.photometric) if page.photometric is not None else -1
    if kind not in MODELS:
        raise ValueError(f"holds {REFUSED.get(kind, f'colours of kind {kind}')}; export it as RGB")
    model, count = MODELS[kind]
    if getattr(page, "imagedepth", 1) != 1:
        raise ValueError("a volume; a picture is one layer")
    samples, extra = page.samplesperpixel, _numbers(page.tags.valueof(EXTRA, ()))
    if samples < count:
        raise ValueError(f"{samples} samples per pixel; {model} has {count}")
    if kind == 5 and page.tags.valueof(INK_SET, 1) != 1:
        raise ValueError("inks that are not cyan, magenta, yellow and black; export it as RGB")
    formats = _numbers(page.sampleformat)
    sample = {1: "unsigned", 2: "signed", 3: "float", 4: "unsigned"}.get(formats[0], "odd")
    if sample == "odd" or (sample == "signed" and kind != 8):
        what = f"{sample} {page.bitspersample}-bit samples"
        raise ValueError(f"{what}; unsigned integers of up to 32 bits are read")
    check_size(page.imagewidth, page.imagelength)
    _check_data(page, size)
    orientation, notes = checked_orientation(page.tags.valueof(274, 1))
    alpha = "none"
    if samples > count:
        alpha = ALPHA.get(int(extra[0]) if extra else 0, "unspecified")
    if alpha == "unspecified":
        notes += ("a further channel of no stated meaning is taken for straight alpha",)
    channels = (1 if model.startswith("grey") else 3) + (alpha != "none")
    return PictureInfo(
        "tiff",
        page.imagewidth,
        page.imagelength,
        page.bitspersample,
        channels,
        palette=model == "palette",
        space=_space(page) or UNTAGGED,
        model=model,
        alpha=alpha,
        orientation=orientation,
        compression=getattr(page.compression, "name", str(page.compression)).lower(),
        sample=sample,
        notes=notes,
    )


def _check_data(page, size: int) -> None:
    """All strips or tiles must be in the file; tifffile fills holes with zeros."""
    pairs = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    if not pairs or any(count == 0 for _, count in pairs):
        raise ValueError("damaged: parts of its pixels are missing")
    if (short := max(int(start + count) for start, count in pairs) - size) > 0:
        raise ValueError(f"truncated: {short} bytes are missing at the end")


def _whole_codes(codes: np.ndarray, bits: int, *, palette: bool) -> np.ndarray:
    """Bring samples of any depth to the whole range of 8 or 16 bits; float stays float32."""
    if codes.dtype.kind == "f":
        return codes.astype(np.float32)
    if codes.dtype.kind == "b":
        codes, bits = codes.astype(np.uint8), 1
    if palette or bits in (8, 16):
        return codes
    if bits > 32:
        raise ValueError(f"{bits}-bit samples; unsigned integers of up to 32 bits are read")
    kind, top = (np.uint8, 255) if bits < 8 else (np.uint16, 65535)
    scaled = codes.astype(np.float64) * (top / (2**bits - 1))
    return np.rint(scaled).astype(kind)


def _to_rgb(codes: np.ndarray, page, info: PictureInfo) -> np.ndarray:
    """Grey (H, W) or RGB (H, W, 3) of any model's samples; CMYK and Lab come out as sRGB."""
    model = info.model
    if codes.dtype.kind == "f" and model not in ("RGB", "grey"):
        raise ValueError(f"float samples of {model}; export it as RGB")
    if model == "palette":
        return _looked_up(codes[..., 0], page.colormap)
    if model.startswith("grey"):
        grey = np.ascontiguousarray(codes[..., 0])
        return grey if model == "grey" else np.iinfo(grey.dtype).max - grey
    if model == "CMYK":
        return _from_cmyk(codes, info.space)
    if model == "Lab":
        return _from_lab(codes, icc=page.photometric == 9)
    if model == "YCbCr" and int(page.compression) not in DECODED_TO_RGB:
        return _from_ycbcr(codes, page)
    return np.ascontiguousarray(codes)


def _looked_up(index: np.ndarray, colours: np.ndarray | None) -> np.ndarray:
    """Palettes hold 16 bits (TIFF 6.0, section 5), mostly made of 8."""
    if colours is None or int(index.max()) >= colours.shape[1]:
        raise ValueError("damaged: its palette does not hold all its colours")
    table = np.asarray(colours).T
    if table.max() < 256:
        return table.astype(np.uint8)[index]
    if (table % 257 == 0).all() or (table % 256 == 0).all():
        return (table >> 8).astype(np.uint8)[index]
    return table.astype(np.uint16)[index]


def _from_cmyk(codes: np.ndarray, space: Space) -> np.ndarray:
    """By its profile, else as light that all four inks let through (what Pillow does, too)."""
    from PIL import Image

    if space.model == "CMYK":
        eight = codes if codes.dtype == np.uint8 else np.uint8(np.rint(codes / 257))
        return through_profile(Image.fromarray(np.ascontiguousarray(eight), mode="CMYK"), space)
    top = np.float32(np.iinfo(codes.dtype).max)
    left = 1 - codes.astype(np.float32) / top
    return np.rint(left[..., :3] * left[..., 3:] * top).astype(codes.dtype)


def _from_lab(codes: np.ndarray, *, icc: bool) -> np.ndarray:
    """CIE Lab of D50 as TIFF 6.0 has it (a and b signed), or as ICC profiles do (offset)."""
    wide = codes.dtype == np.uint16
    lightness = codes[..., 0] / ((65280 if icc else 65535) if wide else 255) * 100
    if icc:
        a, b = (codes[..., k] / (256 if wide else 1) - 128.0 for k in (1, 2))
    else:
        a, b = (codes[..., k].astype(f"i{1 + wide}") / (256 if wide else 1) for k in (1, 2))
    middle = (lightness + 16) / 116
    cubes = np.stack([middle + a / 500, middle, middle - b / 200], axis=-1)
    delta = 6 / 29
    xyz = np.where(cubes > delta, cubes * cubes * cubes, 3 * delta**2 * (cubes - 4 / 29)) * D50
    light = np.clip(exact.mix(xyz, SRGB_FROM_D50), 0, 1)
    return np.rint(encode_srgb(light) * np.iinfo(codes.dtype).max).astype(codes.dtype)


def _from_ycbcr(codes: np.ndarray, page) -> np.ndarray:
    """TIFF 6.0, section 21, with the weights and the range of the file's own tags."""
    weights = page.tags.valueof(COEFFICIENTS)
    red, green, blue = _ratios(weights) if weights else (0.299, 0.587, 0.114)
    top = float(np.iinfo(codes.dtype).max)
    middle = (top + 1) / 2
    limits = page.tags.valueof(BLACK_WHITE)
    low = _ratios(limits) if limits else [0, top, middle, top, middle, top]
    y, cb, cr = (codes[..., k].astype(np.float64) for k in range(3))
    y = (y - low[0]) * top / (low[1] - low[0])
    cb = (cb - low[2]) * (top - middle) / (low[3] - low[2])
    cr = (cr - low[4]) * (top - middle) / (low[5] - low[4])
    r, b = y + cr * (2 - 2 * red), y + cb * (2 - 2 * blue)
    g = (y - blue * b - red * r) / green
    return np.rint(np.clip(np.stack([r, g, b], -1), 0, top)).astype(codes.dtype)


def _space(page) -> Space | None:
    """ICC profile, then EXIF, then WhitePoint, PrimaryChromaticities and TransferFunction."""
    tags = page.tags
    profile = tags.valueof(ICC)
    if profile is not None:
        return read_profile(bytes(profile))
    exif = tags.valueof(EXIF)
    if isinstance(exif, dict):
        stated = exif.get("ColorSpace", 0)
        index = exif.get("InteroperabilityTag")
        index = index.get("InteroperabilityIndex", b"") if isinstance(index, dict) else b""
        shot = {0xA001: (int(stated),)} if isinstance(stated, int) else {}
        if (found := exif_space({}, shot, index)) is not None:
            return found
    white, points = tags.valueof(WHITE_POINT), tags.valueof(CHROMATICITIES)
    if white is None or points is None:
        return None
    numbers = np.array([*_ratios(white), *_ratios(points)], float)
    if numbers.size != 8:
        return None
    pairs = tuple((float(x), float(y)) for x, y in numbers.reshape(4, 2))
    if np.abs(np.array(pairs) - SRGB_CHROMATICITIES).max() < 0.002:
        return None  # sRGB's own primaries; many programs write them, whatever the curve
    return from_chromaticities("own primaries", "TIFF tags", pairs, _transfer(tags))


def _transfer(tags):
    """TransferFunction, else gamma 2.2, its default (TIFF 6.0, section 20)."""
    table = np.ravel(_numbers(tags.valueof(TRANSFER, ())))
    if table.size < 2:
        return lambda x: x**2.2
    part = table[: table.size // 3] if table.size % 3 == 0 else table
    places, light = np.linspace(0, 1, part.size), part / 65535
    if np.abs(light - decode_srgb(places)).max() < 0.004:
        return decode_srgb
    return lambda x: np.interp(x, places, light)


def _numbers(value) -> tuple:
    if isinstance(value, bytes):
        return tuple(value)
    return tuple(value) if isinstance(value, tuple | list | np.ndarray) else (value,)


def _ratios(value) -> list[float]:
    numbers = _numbers(value)
    return [top / bottom for top, bottom in zip(numbers[::2], numbers[1::2], strict=True)]
