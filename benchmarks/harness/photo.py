"""A method on photos: files of any size, upright and in sRGB, one by one or a folder at a time."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from datagen.images.codes import quantise, to_float
from datagen.images.files import WRITABLE, read_image, write_image
from datagen.regions import labels as masks
from luts.tool.errors import UserError

from ..methods.notes import listening

if TYPE_CHECKING:
    from .fix import Fix

READABLE = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp")
SMALLER = 1024  # longer side of what a network sees where the whole picture is too large for it
REGION_A, REGION_C = 0.75, 0.25  # of a mask's full scale: from here on correct, up to here leave


def correct_file(fix: Fix, picture: Path, out: Path, regions: Path | None = None) -> None:
    """Correct one picture file; JPEG holds 8 bits, other formats keep the depth of the picture.

    Raises UserError when it cannot be read or written.
    """
    codes = read_rgb(picture)
    labels = None if regions is None else read_regions(regions, codes.shape[:2])
    with listening() as notes:
        result = correct(fix, to_float(codes), labels)
    for text in notes.values():
        print(f"{picture}: {text}", file=sys.stderr)
    eight = codes.dtype == np.uint8 or out.suffix.lower() in (".jpg", ".jpeg")
    write_image(out, quantise(result, 8 if eight else 16))


def correct(fix: Fix, encoded: np.ndarray, regions: np.ndarray | None = None) -> np.ndarray:
    """Correct a picture of any size.

    Where there is no memory for the whole, the method sees it with SMALLER pixels along the longer
    side, and bilateral guided upsampling brings its change to every pixel.
    """
    try:
        return fix(encoded, regions)
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and "memory" not in str(error).lower():
            raise
        print(f"{fix.name}: too large for the memory; upsampled", file=sys.stderr)
    import cv2

    from ..methods.models.parts.bgu import fit_bgu
    from ..methods.models.parts.bilateral_grid import apply_bgu

    height, width = encoded.shape[:2]
    scale = SMALLER / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(encoded, size, interpolation=cv2.INTER_AREA)
    whole = apply_bgu(fit_bgu(small, fix(small)), encoded).clip(0, 1)
    return whole if regions is None else masks.ideal(encoded, whole, masks.alpha(regions))


def read_rgb(path: Path) -> np.ndarray:
    """Read a picture upright and in sRGB, (H, W, 3) uint8 or uint16; grey counts as RGB."""
    picture = read_image(path)
    return picture if picture.ndim == 3 else np.repeat(picture[:, :, None], 3, axis=2)


def read_regions(path: Path, size: Sequence[int]) -> np.ndarray:
    """Read a region map: labels 0, 1, 2, or a grey mask, white where to correct, grey to fade.

    Raises UserError when it has another size than the upright picture.
    """
    mask = read_image(path)
    mask = mask.max(axis=2) if mask.ndim == 3 else mask
    if mask.shape != tuple(size):
        found, wanted = (f"{s[1]} x {s[0]}" for s in (mask.shape, size))
        raise UserError(f"--regions {path}: {found} pixels for a picture of {wanted}")
    if mask.max() <= masks.A:
        return mask.astype(np.uint8)
    share = to_float(mask)
    regions = np.full(mask.shape, masks.B, np.uint8)
    regions[share >= REGION_A], regions[share <= REGION_C] = masks.A, masks.C
    return regions


def jobs(pictures: Sequence[Path], out: Path) -> list[tuple[Path, Path]]:
    """Pair pictures, or those in folders, with the files to write.

    One picture goes to the file `out`, or into the folder `out` where it has no suffix; several go
    into the folder under their own names, as PNG where their own format cannot be written.

    Raises UserError when a picture would be written over, or two would be one file.
    """
    found = [(file, file.name) for path in pictures if not path.is_dir() for file in [path]]
    found += [
        (file, file.relative_to(path).as_posix())
        for path in pictures
        if path.is_dir()
        for file in _inside(path)
    ]
    if not found:
        raise UserError(f"{pictures[0]}: holds no picture ({', '.join(READABLE)})")
    single = len(pictures) == 1 and not pictures[0].is_dir() and out.suffix and not out.is_dir()
    paired: dict[Path, Path] = {}
    for source, name in found:
        target = out if single else out / _writable(Path(name))
        if target in paired:
            raise UserError(f"{source} and {paired[target]} would both be {target}")
        if target.exists() and target.resolve() == source.resolve():
            raise UserError(f"{target}: would be written over; give another -o")
        paired[target] = source
    return [(source, target) for target, source in paired.items()]


def _inside(folder: Path) -> Iterator[Path]:
    return (p for p in sorted(folder.rglob("*")) if p.suffix.lower() in READABLE and p.is_file())


def _writable(name: Path) -> Path:
    return name if name.suffix.lower() in WRITABLE else name.with_suffix(".png")
