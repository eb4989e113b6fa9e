"""Edited plates in: a LUT from any program that can edit a picture.

Draw a plate, open it in the editor, make any edit that treats each pixel alone, export it without
scaling, and read it back. Everything that commonly goes wrong on the way is refused or noted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..lut import Lut3D, LutFormatError, axis_order
from ..pictures import PictureInfo, read_info, read_picture
from . import checks as plate_checks
from .plate import (
    PATCH,
    Marker,
    fitting_layouts,
    patch_level,
    patch_means,
    quantised_nodes,
    read_marker,
    unroll,
)

# Limits in 8-bit levels, above what rounding does and below what the effect does (see the tests).
NOISE_LIMIT = 0.46
BLEEDING_LIMIT = 6.0
PLACE_LIMIT = 3.0
UNTOUCHED_LIMIT = 1.0
FRAME_LIMIT = 2.0  # what still counts as the colour of a frame
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


def read_plate(
    path: Path | str, layout: str | None = None, *, flip: bool | None = None
) -> PlateReading:
    """Read an edited plate back as a LUT.

    Parameters
    ----------
    path : PNG, TIFF, or JPEG without chroma subsampling
        A plate of ours, or any Hald CLUT of level 2 to 16, L x L tiles, or n tiles in any
        rectangle; also inside a larger frame of one colour, as a still of a film is.
    layout : one of READ_LAYOUTS; found out when None
    flip : what to do when one or two channels run backwards, or along each other's axes, as in a
        mirrored or turned picture: put it right, keep it as an edit, or, when None, refuse

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
    _check_headers(path, info)
    picture = read_picture(path)
    if picture.alpha is not None and (picture.alpha != np.iinfo(picture.alpha.dtype).max).any():
        raise LutFormatError(f"{path}: has transparent pixels; export without an alpha channel")
    depth = 8 if picture.pixels.dtype == np.uint8 else 16
    levels = picture.pixels.astype(np.float32) * np.float32(255 / (2**depth - 1))
    levels, layouts, rows = _find_plate(path, levels)
    if info.subsampled and not patch_level(*levels.shape[:2]):
        raise LutFormatError(
            f"{path}: JPEG with chroma subsampling is off by up to 85 levels; export PNG or TIFF, "
            "or draw the plate with --jpeg-proof"
        )
    marker, cells = _check_marker(path, levels, rows)
    square = levels[:rows]
    if patch_level(*levels.shape[:2]):
        square = patch_means(square)
    found = _find_layout(path, square, layouts)
    chosen = layout or (marker.layout if marker else found)
    if chosen not in layouts:
        raise LutFormatError(f"{path}: {chosen} does not fit {info.width}x{info.height} pixels")
    if chosen != found:
        raise LutFormatError(f"{path}: the pixels are in {found} order, not in {chosen} order")
    table, turned = _put_right(path, unroll(square, chosen), flip, known=marker is not None)
    clipped, folded = plate_checks.clipped_share(table), plate_checks.folded_share(table)
    plate_bits = marker.bits if marker else depth
    proof = square is not levels and len(square) != rows
    notes = [*turned, *_file_notes(info, depth, marker, proof), *_edit_notes(table, plate_bits)]
    notes += _loss_notes(clipped, folded)
    uneven = 0.0 if cells is None or not marker else plate_checks.unevenness(cells, marker, table)
    if uneven > PLACE_LIMIT:
        notes.append(
            f"the edit depends on the place or its surroundings by {uneven:.0f} levels: vignette, "
            "mask, sharpening, clarity or local contrast was on"
        )
    lut = Lut3D(_even_nodes(table, plate_bits) / 255, title=Path(path).stem)
    return PlateReading(lut, chosen, depth, marker, clipped, folded, tuple(notes))


def _check_headers(path: Path | str, info: PictureInfo) -> None:
    """Refuse by headers alone, before a pixel is decoded."""
    if info.palette:
        raise LutFormatError(f"{path}: a palette picture has lost colours; export RGB")
    if not info.is_srgb:
        tag = f"{info.space.name} ({info.space.origin})" if info.profile else info.model
        raise LutFormatError(f"{path}: tagged with {tag}; convert to sRGB on export")


def _find_plate(path: Path | str, levels: np.ndarray) -> tuple[np.ndarray, tuple[str, ...], int]:
    """The plate in a picture: the whole, or what a frame of one colour leaves.

    Returns its pixels with the marker strip, the layouts they can be in, and the rows of the cube.
    """
    for pixels in (levels, _without_frame(levels)):
        height, width = pixels.shape[:2]
        layouts, rows = fitting_layouts(height, width)
        if layouts:
            return pixels, layouts, rows
        if level := patch_level(height, width):
            return pixels, ("hald", "tiles"), level**3 * PATCH
    height, width = levels.shape[:2]
    raise LutFormatError(
        f"{path}: {width}x{height} pixels is no plate's size; was it scaled or cropped? A plate is "
        "L^3 pixels square (with its marker strip below), or n tiles of n x n"
    )


def _without_frame(levels: np.ndarray) -> np.ndarray:
    """Cut off a frame of the colour of the corners, as a player or an editor draws one."""
    other = (np.abs(levels - levels[-1, -1]) > FRAME_LIMIT).any(axis=2)
    rows, columns = np.flatnonzero(other.any(axis=1)), np.flatnonzero(other.any(axis=0))
    if not len(rows):
        return levels
    return levels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _put_right(
    path: Path | str, table: np.ndarray, flip: bool | None, *, known: bool
) -> tuple[np.ndarray, list[str]]:
    """Undo a mirrored or turned picture, if asked; a negative runs backwards as a whole.

    With a marker that can be read, the picture was not turned: `known` takes all for the edit.
    """
    names = np.array(["red", "green", "blue"])
    order = axis_order(table)
    right = table.transpose(*order, 3)
    falling = plate_checks.falling_channels(right)
    turned = order != (0, 1, 2)
    if (known and flip is None) or (not turned and len(falling) in (0, 3)):
        return np.ascontiguousarray(table), []
    found = ["channels along each other's axes"] if turned else []
    found += [f"{' and '.join(falling)} backwards"] if falling else []
    what = ", ".join(found)
    if flip is None:
        raise LutFormatError(
            f"{path}: {what}: a mirrored or turned picture? --flip puts it right, --no-flip keeps "
            "it as an edit"
        )
    if not flip:
        return np.ascontiguousarray(table), []
    axes = tuple(place for place, name in enumerate(names) if name in falling)
    return np.ascontiguousarray(np.flip(right, axes)), [f"{what}: put right"]


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
    wide = marker.level**3 * (PATCH if patch_level(*levels.shape[:2]) else 1)
    if wide != rows:
        raise LutFormatError(
            f"{path}: the marker is of a plate {wide} pixels wide, the picture has "
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


def _file_notes(info: PictureInfo, depth: int, marker: Marker | None, proof: bool) -> Iterator[str]:
    if info.kind == "jpeg" and not proof:
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
    if folded >= 5e-5:  # what is printed as 0.00 % is no finding
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
