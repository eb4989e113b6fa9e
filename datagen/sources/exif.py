"""What a file's own tags say about how it was taken; only its header is read.

References
----------
CIPA DC-008 (EXIF 2.32), 4.6.5.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from luts.tool.gate import plain_text

from ..raw.tags import MOST_NAME

MODEL, DATE_TIME, EXIF = 272, 306, 34665
TAKEN, TIME, APERTURE, SENSITIVITY = 36867, 33434, 33437, 34855
NAMES = {TAKEN: "DateTimeOriginal", TIME: "ExposureTime", APERTURE: "FNumber"}
NAMES |= {SENSITIVITY: "ISOSpeedRatings"}
DATE_FORMAT = "%Y:%m:%d %H:%M:%S"
JPEG = (".jpg", ".jpeg")


@dataclass(frozen=True)
class Capture:
    """One shot. `exposure` is in seconds at ISO 100 and, where the aperture is known, f/1."""

    camera: str = ""
    taken: datetime | None = None
    exposure: float | None = None


def read_capture(path: Path) -> Capture:
    """Read the tags that most raw formats (DNG, NEF, CR2, ARW ...) and JPEGs carry.

    What they do not say stays empty; a file without tags is no mistake.
    """
    try:
        main, exif = _jpeg_tags(path) if path.suffix.lower() in JPEG else _tiff_tags(path)
    except Exception:  # not a TIFF or JPEG, damaged tags: the libraries have many words for it
        return Capture()
    text = str(exif.get(TAKEN) or main.get(DATE_TIME, "")).strip("\0 ")
    camera = plain_text(str(main.get(MODEL, "")).strip("\0 ")[:MOST_NAME])
    return Capture(camera, _date(text), _exposure(exif))


def _tiff_tags(path: Path) -> tuple[Mapping[int, Any], Mapping[int, Any]]:
    import tifffile

    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    with tifffile.TiffFile(path) as file:
        tags = file.pages.first.tags
        exif = tags.valueof(EXIF, {})
        main = {code: tags.valueof(code, "") for code in (MODEL, DATE_TIME)}
    return main, {code: exif.get(name) for code, name in NAMES.items()}


def _jpeg_tags(path: Path) -> tuple[Mapping[int, Any], Mapping[int, Any]]:
    from PIL import Image

    with Image.open(path) as image:
        exif = image.getexif()
        return dict(exif), dict(exif.get_ifd(EXIF))


def _date(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, DATE_FORMAT)
    except ValueError:
        return None


def _exposure(exif: Mapping[int, Any]) -> float | None:
    time, aperture, iso = (_number(exif.get(code)) for code in (TIME, APERTURE, SENSITIVITY))
    if not time or not iso:
        return None
    return time * iso / 100 / (aperture or 1.0) ** 2


def _number(value: Any) -> float:
    """A count, or a fraction as two counts; 0 for anything else."""
    try:
        if isinstance(value, tuple) and len(value) == 2:
            return float(value[0]) / float(value[1])
        return float(value[0] if isinstance(value, tuple) else value)
    except (TypeError, ValueError, ZeroDivisionError):
        return 0.0
