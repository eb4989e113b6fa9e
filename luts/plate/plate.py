"""The geometry of identity plates: a colour cube laid out as a picture, and a strip that says so.

Layouts, for a cube of n nodes per edge:

    hald    L^3 x L^3 pixels, n = L^2: scan order, red fastest, then green, then blue
    tiles   L^3 x L^3 pixels, n = L^2: L x L tiles, red to the right, green down, blue by tile
    strip   n^2 x n pixels: the same tiles in one row
    column  n x n^2 pixels: the same below each other
    grid    any other a x b tiles with a b = n, of any n

`hald` and `tiles` of one level are the same size, and users mix them up. Our plates therefore
carry a marker: a strip of black and white cells below the square. ffmpeg and ImageMagick take the
square alone (so their sources say); for a reader that insists on one, the strip can be cropped off.

A JPEG-proof plate is a `hald` of which every pixel is a patch of 16 x 16: as large as a block of
JPEG with its chroma halved, so that the middle of a patch keeps its colour.

The marker is 32 cells, read left to right and, on narrow plates, row after row: eight
synchronising bits 01010011, then version (8 bits), level (5), layout (2), depth (1), and a CRC-8
of those 16 bits. Cells are compared with the first two, so that the marker survives any edit that
keeps black and white apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..lut import nodes, red_fastest

LAYOUTS = ("hald", "tiles", "strip")  # that a marker can name
READ_LAYOUTS = (*LAYOUTS, "column", "grid")
LEVELS = range(2, 17)
DEPTHS = (8, 16)
VERSION = 1
CELLS = 32
MAX_CELL_HEIGHT = 16
PATCH = 16  # pixels per node and axis of a JPEG-proof plate
PATCH_LEVELS = range(2, 7)  # 128 to 3456 pixels wide
SYNC = (0, 1, 0, 1, 0, 0, 1, 1)
CRC_POLYNOMIAL = 0x07  # CRC-8 of ITU-T I.432.1


@dataclass(frozen=True)
class Marker:
    """What a plate says about itself."""

    level: int
    layout: str
    bits: int


def identity_plate(
    level: int, layout: str = "hald", bits: int = 8, *, patches: bool = False
) -> np.ndarray:
    """Draw an identity plate with its marker strip.

    Parameters
    ----------
    level : 2 to 16; the cube has level^2 nodes per edge
    layout : "hald" or "tiles"
    bits : 8 or 16
    patches : every pixel as a patch of 16 x 16, to survive JPEG; level 2 to 6

    Returns
    -------
    (level^3 + strip height, level^3, 3) uint8 or uint16, 16 times as large with patches; node i of
    n is i / (n - 1), rounded.
    """
    marker = Marker(level, layout, bits)
    square = lay_out(quantised_nodes(level * level, bits), layout)
    if patches:
        square = square.repeat(PATCH, axis=0).repeat(PATCH, axis=1)
    return np.concatenate([square, _draw_marker(marker, square.shape[1])])


def quantised_nodes(size: int, bits: int) -> np.ndarray:
    """The cube an identity plate holds: (size, size, size, 3) uint8 or uint16."""
    levels = np.floor(nodes(size) * (2**bits - 1) + 0.5)
    return levels.astype(np.uint8 if bits == 8 else np.uint16)


def lay_out(table: np.ndarray, layout: str) -> np.ndarray:
    """Turn a cube (n, n, n, 3), indexed [r, g, b], into a picture (H, W, 3)."""
    size = table.shape[0]
    by_blue = red_fastest(table).reshape(size, size, size, 3)  # [b, g, r]
    if layout == "strip":
        return by_blue.transpose(1, 0, 2, 3).reshape(size, size * size, 3)
    level = round(size**0.5)
    if level * level != size:
        raise ValueError(f"{layout} plates hold square numbers of nodes per edge, got {size}")
    if layout == "hald":
        return by_blue.reshape(level**3, level**3, 3)
    tiled = by_blue.reshape(level, level, size, size, 3).transpose(0, 2, 1, 3, 4)
    return tiled.reshape(level**3, level**3, 3)


def unroll(picture: np.ndarray, layout: str) -> np.ndarray:
    """Undo `lay_out`: (H, W, 3) to (n, n, n, 3), for any layout of READ_LAYOUTS."""
    height, width, _ = picture.shape
    size = _cube_size(height, width)
    if layout == "hald":
        by_blue = picture.reshape(size, size, size, 3)
    else:
        tiled = picture.reshape(height // size, size, width // size, size, 3)
        by_blue = tiled.transpose(0, 2, 1, 3, 4).reshape(size, size, size, 3)
    return by_blue.transpose(2, 1, 0, 3)


def fitting_layouts(height: int, width: int) -> tuple[tuple[str, ...], int]:
    """The layouts a picture of this size can hold, and the height of the cube in it.

    Returns
    -------
    layouts : () when the size is no plate's
    rows : pixels rows that hold the cube; what is below them is the marker strip
    """
    level = round(width ** (1 / 3))
    if level**3 == width and level in LEVELS and height in (width, width + strip_height(width)):
        return ("hald", "tiles"), width
    size = _cube_size(height, width)
    if size**3 != height * width or height % size or width % size:
        return (), 0
    if not 2 <= size <= max(LEVELS) ** 2:
        return (), 0
    return ("strip" if height == size else "column" if width == size else "grid",), height


def patch_level(height: int, width: int) -> int:
    """The level of a JPEG-proof plate of this size, its marker below; 0 when it is none."""
    for level in PATCH_LEVELS:
        if (height, width) == (level**3 * PATCH + strip_height(width), level**3 * PATCH):
            return level
    return 0


def patch_means(picture: np.ndarray) -> np.ndarray:
    """The middle of every patch, averaged: (16 H, 16 W, 3) to (H, W, 3) float32."""
    height, width = (side // PATCH for side in picture.shape[:2])
    inner = slice(PATCH // 4, PATCH - PATCH // 4)
    patches = picture.reshape(height, PATCH, width, PATCH, 3)
    return patches[:, inner, :, inner].mean(axis=(1, 3), dtype=np.float32)


def _cube_size(height: int, width: int) -> int:
    return round((height * width) ** (1 / 3))


def strip_height(width: int) -> int:
    """Rows of the marker strip below a plate of this width."""
    _, cell_height, rows = _cells(width)
    return cell_height * rows


def read_marker(strip: np.ndarray) -> tuple[Marker | None, np.ndarray]:
    """Read the marker strip of an edited plate.

    Parameters
    ----------
    strip : (strip_height(W), W, 3)

    Returns
    -------
    marker : None when it cannot be read: damaged, scaled, turned or mirrored
    cells : (32, 3) float64, the mean colour of each cell's middle
    """
    cells = np.array([_middle(strip, box) for box in _boxes(strip.shape[1])])
    brightness = cells.mean(axis=1)
    black, white = brightness[:2]
    # Times the difference: an edit that turns the picture into its negative is still read.
    bits = ((brightness - (black + white) / 2) * (white - black) > 0).astype(int)
    if tuple(bits[:8]) != SYNC or _number(bits[24:]) != _crc8(bits[8:24]):
        return None, cells
    version, level = _number(bits[8:16]), _number(bits[16:21])
    layout, deep = _number(bits[21:23]), bits[23]
    if version != VERSION or level not in LEVELS or layout >= len(LAYOUTS):
        return None, cells
    return Marker(level, LAYOUTS[layout], 16 if deep else 8), cells


def marker_bits(marker: Marker) -> np.ndarray:
    """The 32 cells of a marker, 0 black and 1 white."""
    fields = (VERSION, 8), (marker.level, 5), (LAYOUTS.index(marker.layout), 2)
    payload = [bit for value, width in fields for bit in _bits(value, width)]
    payload.append(int(marker.bits == 16))
    return np.array([*SYNC, *payload, *_bits(_crc8(payload), 8)])


def _draw_marker(marker: Marker, width: int) -> np.ndarray:
    white = 2**marker.bits - 1
    dtype = np.uint8 if marker.bits == 8 else np.uint16
    strip = np.full((strip_height(width), width, 3), white // 2, dtype)
    for bit, (rows, columns) in zip(marker_bits(marker), _boxes(width), strict=True):
        strip[rows, columns] = bit * white
    return strip


def _cells(width: int) -> tuple[int, int, int]:
    """Width and height of a cell, and rows of cells, on a plate of this width."""
    cell = max(1, width // CELLS)
    per_row = min(CELLS, width // cell)
    return cell, min(cell, MAX_CELL_HEIGHT), -(-CELLS // per_row)


def _boxes(width: int) -> list[tuple[slice, slice]]:
    cell, height, _ = _cells(width)
    per_row = min(CELLS, width // cell)
    places = (divmod(index, per_row) for index in range(CELLS))
    return [
        (slice(row * height, (row + 1) * height), slice(column * cell, (column + 1) * cell))
        for row, column in places
    ]


def _middle(strip: np.ndarray, box: tuple[slice, slice]) -> np.ndarray:
    """Mean colour of a cell without its outer quarter, which blur and JPEG spoil."""
    cell = strip[box].astype(np.float64)
    down, across = cell.shape[0] // 4, cell.shape[1] // 4
    return cell[down : cell.shape[0] - down, across : cell.shape[1] - across].mean(axis=(0, 1))


def _bits(value: int, width: int) -> list[int]:
    return [value >> place & 1 for place in reversed(range(width))]


def _number(bits) -> int:
    return int("".join(str(int(bit)) for bit in bits), 2)


def _crc8(bits) -> int:
    register = 0
    for bit in bits:
        carry = register >> 7 ^ int(bit)
        register = register << 1 & 0xFF
        register ^= CRC_POLYNOMIAL if carry else 0
    return register
