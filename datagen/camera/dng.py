"""Write a mosaic as a DNG that LibRaw, and any raw converter, opens.

tifffile writes the container. The file is uncompressed 16-bit, one image, no preview.

References
----------
Adobe, Digital Negative Specification 1.7.1; CIPA DC-008 (EXIF 2.32), 4.6.5, for time and ISO.
"""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import tifffile

from luts.tool.files import whole_file

from .sensors import Sensor
from .simulate import Exposure

EXIF_IFD = 34665
EXIF_PLACE = 34664  # tifffile refuses to write EXIF_IFD; a free number keeps its sorted place
BYTE, ASCII, SHORT, LONG, RATIONAL, SRATIONAL, DOUBLE = 1, 2, 3, 4, 5, 10, 12
COLOUR_FILTER_ARRAY = 32803  # PhotometricInterpretation
D65 = 21  # CalibrationIlluminant, as in EXIF LightSource
ORIENTATIONS = (1, 3, 6, 8)  # upright, half turn, quarter turn clockwise, anticlockwise to view


def write_dng(
    path: Path,
    mosaic: np.ndarray,
    sensor: Sensor,
    exposure: Exposure,
    *,
    orientation: int = 1,
    baseline_exposure: float = 0.0,
    crop: tuple[int, int, int, int] | None = None,
    artist: str = "",
    licence: str = "",
    taken: str = "",
) -> None:
    """Write a Bayer mosaic with everything a converter needs to develop it. Whole or not at all.

    Parameters
    ----------
    mosaic : (H, W) uint16 codes, as `photograph` returns
    orientation : EXIF code 1, 3, 6 or 8
    baseline_exposure : stops a converter should add (tag 50730)
    crop : DefaultCrop as (left, top, width, height) in pixels; None keeps the whole mosaic
    artist, licence : text of the Artist and Copyright tags (ASCII); empty leaves the tag out
    taken : text of the DateTime tag, "YYYY:MM:DD hh:mm:ss"; likewise
    """
    if mosaic.ndim != 2 or mosaic.dtype != np.uint16:
        raise ValueError(f"a mosaic is (H, W) uint16, got {mosaic.shape} {mosaic.dtype}")
    if orientation not in ORIENTATIONS:
        raise ValueError(f"orientation is one of {ORIENTATIONS}, got {orientation}")
    tags = [
        *_identity_tags(sensor, {306: taken, 315: artist, 33432: licence}),
        (274, SHORT, 1, orientation, True),
        *_sensor_tags(sensor),
        *_shot_tags(sensor, exposure, baseline_exposure),
        *_crop_tags(crop, mosaic.shape),
    ]
    with whole_file(path) as scratch:
        tifffile.imwrite(
            scratch,
            mosaic,
            photometric=COLOUR_FILTER_ARRAY,
            metadata=None,
            software=False,
            byteorder="<",
            rowsperstrip=mosaic.shape[0],
            extratags=tags,
        )
        _append_exif(scratch, exposure)


def _identity_tags(sensor: Sensor, texts: dict[int, str]) -> list[tuple]:
    maker, _, model = sensor.name.partition(" ")
    texts = {271: maker, 272: model or maker, 50708: sensor.name, **texts}
    return [
        (50706, BYTE, 4, (1, 4, 0, 0), True),  # DNGVersion
        (50707, BYTE, 4, (1, 3, 0, 0), True),  # DNGBackwardVersion: NoiseProfile's
        *((code, ASCII, None, text, True) for code, text in texts.items() if text),
    ]


def _sensor_tags(sensor: Sensor) -> list[tuple]:
    sites = bytes("RGB".index(colour) for colour in sensor.pattern)
    matrix = np.ravel(sensor.xyz_to_camera)
    return [
        (33421, SHORT, 2, (2, 2), True),  # CFARepeatPatternDim
        (33422, BYTE, 4, sites, True),  # CFAPattern
        (50710, BYTE, 3, bytes((0, 1, 2)), True),  # CFAPlaneColor
        (50711, SHORT, 1, 1, True),  # CFALayout: rectangular
        (50714, LONG, 1, sensor.black_level, True),
        (50717, LONG, 1, sensor.white_level, True),
        (50721, SRATIONAL, 9, _rationals(matrix, 10_000), True),  # ColorMatrix1
        (50778, SHORT, 1, D65, True),  # CalibrationIlluminant1
    ]


def _shot_tags(sensor: Sensor, exposure: Exposure, baseline_exposure: float) -> list[tuple]:
    return [
        (EXIF_PLACE, LONG, 1, 0, True),  # becomes EXIF_IFD in _append_exif
        (50728, RATIONAL, 3, _rationals(sensor.white(exposure.light), 1_000_000), True),
        (50730, SRATIONAL, 1, _rationals(np.array([baseline_exposure]), 100), True),
        (51041, DOUBLE, 2, sensor.noise_profile(exposure.iso), True),
    ]


def _append_exif(path: Path, exposure: Exposure) -> None:
    """Add the EXIF directory, which tifffile cannot nest, at the end and point the main one to it.

    LibRaw finds the ISO only there.
    """
    with tifffile.TiffFile(path) as file:
        place = file.pages.first.tags[EXIF_PLACE].offset
    start = path.stat().st_size  # tifffile ends on an even byte, as a directory must start
    time = _time_fraction(exposure.time_s)
    after = start + 2 + 2 * 12 + 4
    directory = (
        struct.pack("<H", 2)
        + struct.pack("<HHII", 33434, RATIONAL, 1, after)  # ExposureTime
        + struct.pack("<HHIHH", 34855, SHORT, 1, exposure.iso, 0)  # PhotographicSensitivity
        + struct.pack("<I", 0)
        + struct.pack("<II", time.numerator, time.denominator)
    )
    with path.open("r+b") as stream:
        stream.seek(place)
        stream.write(struct.pack("<HHII", EXIF_IFD, LONG, 1, start))
        stream.seek(start)
        stream.write(directory)


def _time_fraction(time_s: float) -> Fraction:
    """Give the shutter time to six digits or better with both parts below 2**32.

    Scenes in odd units lead to odd times; beyond 1e-9 to 1e9 seconds the tag just says so.
    """
    time_s = min(max(time_s, 1e-9), 1e9)
    if time_s >= 1:
        return Fraction(time_s).limit_denominator(1000 if time_s < 1e6 else 1)
    return 1 / Fraction(1 / time_s).limit_denominator(1000 if time_s > 1e-6 else 1)


def _crop_tags(crop: tuple[int, int, int, int] | None, shape: tuple[int, int]) -> list[tuple]:
    if crop is None:
        return []
    left, top, width, height = crop
    inside = left + width <= shape[1] and top + height <= shape[0]
    if min(left, top) < 0 or min(width, height) < 1 or not inside:
        raise ValueError(f"crop {crop} does not fit a mosaic of {shape[1]} x {shape[0]}")
    return [(50719, LONG, 2, (left, top), True), (50720, LONG, 2, (width, height), True)]


def _rationals(values: np.ndarray, denominator: int) -> tuple[int, ...]:
    """Flatten numbers into numerator, denominator pairs."""
    return tuple(
        part for value in values for part in (round(float(value) * denominator), denominator)
    )
