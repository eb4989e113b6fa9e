"""Identity plates out, edited plates in: a LUT from any program that can edit a picture.

Draw a plate, open it in the editor, make any edit that treats each pixel alone, export it without
scaling, and read it back. Everything that commonly goes wrong on the way is refused or noted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..lut import Lut3D, LutFormatError
from ..pictures import PictureInfo, check_suffix, read_info, read_picture, write_picture
from . import checks as plate_checks
from .plate import (
    DEPTHS,
    LAYOUTS,
    LEVELS,
    Marker,
    fitting_layouts,
    identity_plate,
    quantised_nodes,
    read_marker,
    unroll,
)

SQUARE_LAYOUTS = LAYOUTS[:2]

# Limits in 8-bit levels, above what rounding does and below what the effect does (see the tests).
NOISE_LIMIT = 0.46
BLEEDING_LIMIT = 6.0
PLACE_LIMIT = 3.0
UNTOUCHED_LIMIT = 1.0
ORDER_RATIO = 0.5  # an edited plate is at least this much smoother than its nodes in any order


@dataclass(frozen=True, eq=False)
class PlateReading:
    """An edited plate as a LUT, and what was noticed on the way."""

    lut: Lut3D
    layout: str
    bits: int
    marker: Marker | None
    clipped: float
    folded: float
    notes: tuple[str, ...]


def write_plate(path: Path | str, level: int = 8, layout: str = "hald", bits: int = 8) -> None:
    """Write an identity plate with its marker strip.

    Parameters
    ----------
    path : .png or .tif
    level : 2 to 16; level^2 nodes per edge, level^3 pixels wide. 8 is 64 nodes in 512 pixels.
    layout : "hald" or "tiles"
    bits : 8 or 16
    """
    if level not in LEVELS:
        raise ValueError(f"a plate's level is {LEVELS[0]} to {LEVELS[-1]}, got {level}")
    if layout not in SQUARE_LAYOUTS:
        raise ValueError(f"a plate is drawn as one of {SQUARE_LAYOUTS}, got {layout!r}")
    if bits not in DEPTHS:
        raise ValueError(f"a plate has one of {DEPTHS} bits, got {bits}")
    check_suffix(Path(path))
    if Path(path).suffix.lower() in (".jpg", ".jpeg"):
        raise LutFormatError(f"{path}: JPEG changes colours; write the plate as .png or .tif")
    write_picture(path, identity_plate(level, layout, bits))


def read_plate(path: Path | str, layout: str | None = None) -> PlateReading:
    """Read an edited plate back as a LUT.

    Parameters
    ----------
    path : PNG, TIFF, or JPEG without chroma subsampling
        A plate of ours, or any Hald CLUT of level 2 to 16, L x L tiles, or strip of n tiles.
    layout : "hald", "tiles" or "strip"; found out when None

    Returns
    -------
    PlateReading. The cube is resampled from the rounded colours the plate really held to even
    nodes, so that an untouched plate is exactly the identity at any depth.

    Raises
    ------
    LutFormatError : what cannot be trusted; the message says what to do instead
    OSError : the file cannot be opened
    """
    info = read_info(path)
    layouts, rows = _check_headers(path, info)
    picture = read_picture(path)
    if picture.alpha is not None and (picture.alpha != np.iinfo(picture.alpha.dtype).max).any():
        raise LutFormatError(f"{path}: has transparent pixels; export without an alpha channel")
    depth = 8 if picture.pixels.dtype == np.uint8 else 16
    levels = picture.pixels.astype(np.float32) * np.float32(255 / (2**depth - 1))
    marker, cells = _check_marker(path, levels, rows)
    found = _find_layout(path, levels[:rows], layouts)
    chosen = layout or (marker.layout if marker else found)
    if chosen not in layouts:
        raise LutFormatError(f"{path}: {chosen} does not fit {info.width}x{info.height} pixels")
    if chosen != found:
        raise LutFormatError(f"{path}: the pixels are in {found} order, not in {chosen} order")
    table = np.ascontiguousarray(unroll(levels[:rows], chosen))
    clipped, folded = plate_checks.clipped_share(table), plate_checks.folded_share(table)
    plate_bits = marker.bits if marker else depth
    notes = [*_file_notes(info, depth, marker), *_edit_notes(table, plate_bits)]
    notes += _loss_notes(clipped, folded)
    uneven = 0.0 if cells is None or not marker else plate_checks.unevenness(cells, marker, table)
    if uneven > PLACE_LIMIT:
        notes.append(
            f"the edit depends on the place or its surroundings by {uneven:.0f} levels: vignette, "
            "mask, sharpening, clarity or local contrast was on"
        )
    lut = Lut3D(_even_nodes(table, plate_bits) / 255, title=Path(path).stem)
    return PlateReading(lut, chosen, depth, marker, clipped, folded, tuple(notes))


def _check_headers(path: Path | str, info: PictureInfo) -> tuple[tuple[str, ...], int]:
    """Refuse by headers alone, before a pixel is decoded."""
    if info.palette:
        raise LutFormatError(f"{path}: a palette picture has lost colours; export RGB")
    if info.subsampled:
        raise LutFormatError(
            f"{path}: JPEG with chroma subsampling is off by up to 85 levels; export PNG or TIFF"
        )
    if not info.is_srgb:
        tag = f"{info.space.name} ({info.space.origin})" if info.profile else info.model
        raise LutFormatError(f"{path}: tagged with {tag}; convert to sRGB on export")
    layouts, rows = fitting_layouts(info.height, info.width)
    if not layouts:
        raise LutFormatError(
            f"{path}: {info.width}x{info.height} pixels is no plate's size; was it scaled or "
            "cropped? A plate is L^3 pixels square (with its marker strip below), or n^2 x n"
        )
    return layouts, rows


def _check_marker(
    path: Path | str, levels: np.ndarray, rows: int
) -> tuple[Marker | None, np.ndarray | None]:
    if len(levels) == rows:
        return None, None
    marker, cells = read_marker(levels[rows:])
    if marker is None:
        raise LutFormatError(
            f"{path}: the marker strip cannot be read: the plate was turned, mirrored, scaled or "
            "painted over. If it was not, crop the strip off and read the square"
        )
    if marker.level**3 != rows:
        raise LutFormatError(
            f"{path}: the marker is of a plate {marker.level**3} pixels wide, the picture has "
            f"{rows}; export at the original size"
        )
    return marker, cells


def _find_layout(path: Path | str, levels: np.ndarray, layouts: tuple[str, ...]) -> str:
    """The layout under which the cube is smooth; refuses a picture that is so under none."""
    scores = {layout: plate_checks.roughness(unroll(levels, layout)) for layout in layouts}
    best = min(scores, key=scores.__getitem__)
    table = unroll(levels, best)
    mixed = np.random.default_rng(0).permutation(len(table))
    scrambled = table[mixed][:, mixed][:, :, mixed]
    if scores[best] > ORDER_RATIO * plate_checks.roughness(scrambled):
        raise LutFormatError(
            f"{path}: not an edited identity plate: colours that were neighbours in the cube are "
            "no longer close"
        )
    return best


def _file_notes(info: PictureInfo, depth: int, marker: Marker | None) -> Iterator[str]:
    if info.kind == "jpeg":
        yield "JPEG: colours are off by 1 to 4 levels even at high quality; export PNG or TIFF"
    if info.channels < 3:
        yield "greyscale: a black-and-white look"
    if marker and marker.bits > depth:
        yield f"the plate had {marker.bits} bits and came back with {depth}"


def _edit_notes(table: np.ndarray, bits: int) -> Iterator[str]:
    if np.abs(table - _as_levels(quantised_nodes(len(table), bits), bits)).max() <= UNTOUCHED_LIMIT:
        yield "nothing was changed: is this the wrong layer, or an export without the edit?"
    if falling := plate_checks.falling_channels(table):
        yield f"{', '.join(falling)} runs backwards: a negative, or a mirrored plate"
    if (noise := plate_checks.noise(table)) > NOISE_LIMIT:
        yield f"noise of {noise:.1f} levels: grain, dither or JPEG; switch it off for the export"
    if plate_checks.bleeding(table) > BLEEDING_LIMIT:
        yield "neighbouring pixels bleed into each other: blur, denoising or scaling was on"


def _loss_notes(clipped: float, folded: float) -> Iterator[str]:
    if clipped > 0.01:
        yield f"{clipped:.0%} of the nodes are clipped: what differed there is lost"
    if folded > 0:
        yield f"{folded:.2%} of the cube is folded: different colours become one, or swap"


def _as_levels(plate: np.ndarray, bits: int) -> np.ndarray:
    return plate.astype(np.float32) * np.float32(255 / (2**bits - 1))


def _even_nodes(table: np.ndarray, bits: int) -> np.ndarray:
    """Resample a cube from the rounded positions that a plate holds to evenly spaced ones.

    Linear along each axis. Adding the rounding error to the result, as is usual, would do the
    same where the edit has slope 1, and would push flat and clipped regions off their value.
    """
    size = len(table)
    even, white = np.linspace(0, 1, size), 2**bits - 1
    held = np.floor(even * white + 0.5) / white
    if np.array_equal(held, even):
        return table
    below = np.clip(np.searchsorted(held, even, side="right") - 1, 0, size - 2)
    share = ((even - held[below]) / (held[below + 1] - held[below])).astype(np.float32)
    for axis in range(3):
        weight = share.reshape([-1 if axis == place else 1 for place in range(4)])
        low, high = (np.take(table, below + step, axis) for step in (0, 1))
        table = low + weight * (high - low)
    return table
