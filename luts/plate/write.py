"""Identity plates out: pictures of every colour, to be edited and read back (read.py)."""

from __future__ import annotations

from pathlib import Path

from ..lut import LutFormatError
from ..pictures import check_suffix, encode
from ..pictures.keep import with_metadata
from ..tool.files import whole_file
from .plate import DEPTHS, LAYOUTS, LEVELS, PATCH_LEVELS, identity_plate

SQUARE_LAYOUTS = LAYOUTS[:2]


def write_plate(
    path: Path | str,
    level: int = 8,
    layout: str = "hald",
    bits: int = 8,
    *,
    jpeg_proof: bool = False,
) -> None:
    """Write an identity plate with its marker strip.

    Parameters
    ----------
    path : .png or .tif
    level : 2 to 16; level^2 nodes per edge, level^3 pixels wide. 8 is 64 nodes in 512 pixels.
    layout : "hald" or "tiles"
    bits : 8 or 16
    jpeg_proof : every node as a patch of 16 x 16 pixels, level 2 to 6; it may come back as JPEG

    A PNG says that it is sRGB, so that an editor set to another space converts it.
    """
    if jpeg_proof and level not in PATCH_LEVELS:
        raise ValueError(f"a JPEG-proof plate's level is 2 to {PATCH_LEVELS[-1]}, got {level}")
    if level not in LEVELS:
        raise ValueError(f"a plate's level is {LEVELS[0]} to {LEVELS[-1]}, got {level}")
    if layout not in SQUARE_LAYOUTS:
        raise ValueError(f"a plate is drawn as one of {SQUARE_LAYOUTS}, got {layout!r}")
    if bits not in DEPTHS:
        raise ValueError(f"a plate has one of {DEPTHS} bits, got {bits}")
    check_suffix(Path(path))
    suffix = Path(path).suffix.lower()
    if suffix in (".jpg", ".jpeg"):
        raise LutFormatError(f"{path}: JPEG changes colours; write the plate as .png or .tif")
    pixels = identity_plate(level, layout, bits, patches=jpeg_proof)
    with whole_file(Path(path)) as scratch:
        scratch.write_bytes(with_metadata(encode(pixels, suffix), b""))
