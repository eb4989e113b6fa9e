"""LibRaw: what it opens, unpacks and demosaics, and its errors in our words.

The only module of the package, beside read.py, that imports rawpy.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from .errors import (
    RawDamagedError,
    RawError,
    RawTooLargeError,
    RawUnreadableError,
    RawUnsupportedError,
)
from .levels import EXACT
from .photo import RawPhoto
from .tags import looks_raw

MOST_PIXELS = 400_000_000  # four times the largest sensor on sale
PEDESTAL = 1 / 64  # keeps noise below black, which LibRaw would cut off
HEADROOM = 1.02  # and noise above white
LEAST_BYTES = 4096
FINE_SCALE = 4.0  # further above white, 16 bits are too few for LibRaw's demosaicers


def check_file(path: Path) -> None:
    """Say what LibRaw cannot: for it a missing, an empty and an unreadable file are the same."""
    if not path.exists():
        raise RawUnreadableError(f"{path}: no such file")
    if not path.is_file():
        raise RawUnreadableError(f"{path}: not a file")
    if not os.access(path, os.R_OK):
        raise RawUnreadableError(f"{path}: no permission to read it")
    if path.stat().st_size == 0:
        raise RawDamagedError(f"{path}: the file is empty; copy it again")


@contextmanager
def libraw_errors(path: Path) -> Iterator[None]:
    """Turn rawpy's errors into ours, with what LibRaw said."""
    import rawpy

    try:
        yield
    except RawError:
        raise
    except (rawpy.LibRawUnsufficientMemoryError, rawpy.LibRawTooBigError, MemoryError) as error:
        raise RawTooLargeError(f"{path}: too large to decode{_said(error)}") from error
    except rawpy.LibRawFileUnsupportedError as error:
        what, remedy = _kind(path)
        raise RawUnsupportedError(f"{path}: {what}{_said(error)}{remedy}") from error
    except rawpy.LibRawIOError as error:  # also LibRaw's word for a file of any other kind
        if looks_raw(path):
            raise RawDamagedError(f"{path}: damaged or truncated{_said(error)}") from error
        what, remedy = _kind(path)
        raise RawUnsupportedError(f"{path}: {what}{_said(error)}{remedy}") from error
    except (rawpy.LibRawError, rawpy.NotSupportedError, OSError, ValueError) as error:
        raise RawDamagedError(f"{path}: damaged{_said(error)}; copy it again") from error


def _kind(path: Path) -> tuple[str, str]:
    """What a file is that LibRaw knows nothing about, and what to do."""
    with path.open("rb") as stream:
        start = stream.read(16)
    if start.startswith(b"\xff\xd8"):
        return "a JPEG, whatever its name", "; rename it to .jpg to use it as a picture"
    if start.startswith(b"\x89PNG"):
        return "a PNG, whatever its name", "; rename it to .png to use it as a picture"
    if start[:4] in (b"\0\5\26\7", b"\0\5\26\0"):
        return "a side file of macOS (AppleDouble) without a picture", "; delete it"
    size = path.stat().st_size
    if size < LEAST_BYTES:
        return f"not a raw file: {size} bytes are no whole one", "; copy it again"
    if not looks_raw(path):
        return "not a raw file", ""
    return "not a raw file that LibRaw can decode", f"; convert it to {EXACT}"


def _said(error: BaseException) -> str:
    first = error.args[0] if error.args else ""
    text = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
    return f" (LibRaw: {text})" if text else ""


def unpack(path: Path) -> Any:
    """Open and decompress. The arrays that rawpy hands out keep the object alive."""
    import rawpy

    raw = rawpy.RawPy()
    raw.open_file(str(path))
    height, width = raw.sizes.raw_height, raw.sizes.raw_width
    if height * width > MOST_PIXELS:
        raise RawTooLargeError(
            f"{path}: claims {width} x {height} pixels, more than any sensor has"
        )
    raw.unpack()
    return raw


def demosaic_libraw(photo: RawPhoto, light: np.ndarray, algorithm: str) -> np.ndarray:
    """Interpolate a white-balanced mosaic with one of LibRaw's demosaicers, and nothing else.

    The file is opened once more because LibRaw demosaics only what it has unpacked itself; its
    samples are replaced by ours and its own black, white, balance, matrix and curve are off.

    Parameters
    ----------
    light : (H, W) float32 white-balanced mosaic; values from -PEDESTAL up to the largest gain
    algorithm : "ahd", "ppg", "vng", "dht", "aahd", "dcb" or "linear"; on X-Trans LibRaw takes
        three passes of its own method for "ahd" and later names and one for the others

    Returns
    -------
    (H, W, 3) float32, in the scale of `light`.

    References
    ----------
    Hirakawa & Parks, "Adaptive homogeneity-directed demosaicing algorithm", TIP 2005 (AHD)
    """
    import rawpy

    if photo.scale > FINE_SCALE:
        from .demosaic import bilinear, malvar

        bayer = photo.tile.shape == (2, 2)
        return malvar(light, photo.tile) if bayer else bilinear(light, photo.tile)
    top = float(photo.white_balance.max()) * HEADROOM + PEDESTAL
    codes = (light + np.float32(PEDESTAL)) * np.float32(65535 / top)
    np.rint(np.clip(codes, 0, 65535, out=codes), out=codes)
    with libraw_errors(photo.path):
        raw = unpack(photo.path)
        raw.raw_image_visible[:] = codes
        rgb = raw.postprocess(
            demosaic_algorithm=rawpy.DemosaicAlgorithm[algorithm.upper()],
            user_wb=[1, 1, 1, 1],
            user_black=0,
            user_cblack=[0, 0, 0, 0],
            user_sat=65535,
            adjust_maximum_thr=0,
            no_auto_bright=True,
            highlight_mode=rawpy.HighlightMode.Ignore,
            output_color=rawpy.ColorSpace.raw,
            output_bps=16,
            gamma=(1, 1),
            user_flip=0,
        )
    result = rgb * np.float32(top / 65535)
    result -= np.float32(PEDESTAL)
    return result
