"""`luts apply`: put pictures through a LUT."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..fitting import read_coverage, unseen_share
from ..lookup import apply
from ..lut import Lut
from ..pictures import WRITABLE, check_suffix, encode, read_picture
from ..pictures.keep import exif_of, with_metadata
from ..spaces import adapted
from ..tool.errors import UserError
from ..tool.files import whole_file
from .common import each, read_lut, say_what_changed

READABLE = (*WRITABLE, ".webp")
SEED = 0  # of the dither: the same picture gives the same bytes


def run(args: Namespace) -> int:
    """1 when any of several pictures had to be refused."""
    lut = read_lut(args.lut, for_pixels=True)
    coverage = read_coverage(args.lut, lut)
    paths = [path for given in args.picture for path in _pictures(given)]
    into = args.out if len(paths) > 1 or args.picture[0].is_dir() or args.out.is_dir() else None
    if into is None:
        check_suffix(args.out)
    if into is not None and into.suffix.lower() in WRITABLE:
        raise UserError(f"{into}: several pictures go into a folder, not into one file")
    colour_map = _colour_map(lut, args)

    def grade(source: str) -> None:
        out = args.out if into is None else into / _name(Path(source), args.bits)
        if Path(source).resolve() == out.resolve():
            raise UserError(f"{out}: is the picture itself; choose another name or folder")
        picture = read_picture(source)
        say_what_changed(source, picture.info)
        if coverage is not None and (unseen := unseen_share(coverage, picture.pixels)) > 0.01:
            print(f"{unseen:.0%} of this picture's colours were not in the fit", file=sys.stderr)
        bits = args.bits or 8 * picture.pixels.itemsize
        pixels = _graded(picture.pixels, lut, colour_map, args, bits)
        alpha = None if picture.alpha is None else _at_depth(picture.alpha, bits)
        if out.suffix.lower() in (".jpg", ".jpeg") and (bits == 16 or alpha is not None):
            raise UserError(f"{out}: JPEG holds 8 bits and no transparency; write .png or .tif")
        data = encode(pixels, out.suffix.lower(), alpha, full_chroma=True)
        exif = exif_of(Path(source).read_bytes())
        if exif and out.suffix.lower() in (".tif", ".tiff"):
            print(f"{out}: EXIF is not carried over to TIFF", file=sys.stderr)
        space = picture.info.space
        data = with_metadata(data, exif, space.profile if space.is_srgb else b"")
        with whole_file(out) as scratch:
            scratch.write_bytes(data)
        print(out)

    return each("luts apply", [str(path) for path in paths], grade)


def _pictures(given: Path) -> list[Path]:
    """A picture, or all of a folder in a fixed order."""
    if not given.is_dir():
        return [given]
    found = sorted(path for path in given.iterdir() if path.suffix.lower() in READABLE)
    if not found:
        raise UserError(f"{given}: no picture in this folder")
    return found


def _name(source: Path, bits: int | None) -> str:
    """The same name; a format that cannot be written, or hold the depth, becomes a PNG."""
    suffix = source.suffix.lower()
    if suffix not in WRITABLE or (bits == 16 and suffix in (".jpg", ".jpeg")):
        return f"{source.stem}.png"
    return source.name


def _colour_map(lut: Lut, args: Namespace) -> Callable[[np.ndarray], np.ndarray] | None:
    if args.input_space or args.output_space:
        space = args.input_space or "srgb"
        return adapted(lut, space, args.output_space, args.interpolation)
    return None


def _graded(
    pixels: np.ndarray,
    lut: Lut,
    colour_map: Callable[[np.ndarray], np.ndarray] | None,
    args: Namespace,
    bits: int,
) -> np.ndarray:
    """Through the LUT: in integers where nothing else is asked for, else in floating point."""
    if colour_map is None and bits == 8 * pixels.itemsize and not args.dither:
        return apply(lut, pixels, args.interpolation)
    encoded = pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    graded = colour_map(encoded) if colour_map else apply(lut, encoded, args.interpolation)
    codes = np.clip(graded, 0, 1) * np.float32(2**bits - 1)
    if args.dither:  # triangular, two codes wide: the error no longer depends on the value
        rng = np.random.default_rng(SEED)
        codes += rng.random(codes.shape, np.float32) - rng.random(codes.shape, np.float32)
    top = 2**bits - 1
    return np.clip(np.floor(codes + 0.5), 0, top).astype(np.uint8 if bits == 8 else np.uint16)


def _at_depth(alpha: np.ndarray, bits: int) -> np.ndarray:
    if 8 * alpha.itemsize == bits:
        return alpha
    if bits == 16:
        return alpha.astype(np.uint16) * 257
    return np.rint(alpha / np.float32(257)).astype(np.uint8)
