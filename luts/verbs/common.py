"""What several verbs share: notes on stderr, paths on stdout."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from .. import library
from ..algebra import compose
from ..cube.file import read_noted, write_cube
from ..lut import MAX_SIZE_3D, Lut, Lut3D, ShapedLut
from ..pictures import PictureInfo
from ..tool.errors import UserError


def read_lut(source: Path | str) -> Lut:
    """Read a `.cube` file or a LUT of the library; what is odd about it goes to stderr."""
    path = library.resolve(source)
    lut, notes = read_noted(path)
    for note in notes:
        print(f"{path}:{note.line}: {note.text}", file=sys.stderr)
    return lut


def each(verb: str, sources: Sequence[str], work: Callable[[str], object]) -> int:
    """Do the work for every source; one that fails is one line on stderr and never stops the rest.

    Returns the exit code: 0, or 1 when any failed. A single source that fails is the user's
    mistake as in every verb: its error is raised.
    """
    failed = 0
    for source in sources:
        try:
            work(source)
        except (UserError, OSError) as error:
            if len(sources) == 1:
                raise
            failed += 1
            told = f"{source}: {error.strerror}" if isinstance(error, OSError) else str(error)
            print(f"{verb}: {told}", file=sys.stderr)
    return min(failed, 1)


def one_table(lut: Lut) -> Lut:
    """A file of curves and a cube as one cube of the same size, and say so on stderr."""
    if not isinstance(lut, ShapedLut):
        return lut
    print(f"curves and cube baked into one cube of {lut.cube.size}", file=sys.stderr)
    return compose(lut, size=lut.cube.size)


def say_what_changed(path: Path, info: PictureInfo) -> None:
    """Say on stderr what a picture's reader had to undo, or found odd."""
    if not info.is_srgb:
        print(f"{path}: {info.model} of {info.profile or 'no profile'} to sRGB", file=sys.stderr)
    if info.alpha == "premultiplied":
        print(f"{path}: colours divided by alpha; written straight", file=sys.stderr)
    for note in info.notes:
        print(f"{path}: {note}", file=sys.stderr)


def check_size(size: int) -> None:
    """Refuse a size that no cube can have."""
    if not 2 <= size <= MAX_SIZE_3D:
        raise UserError(f"--size {size}: a cube has 2 to {MAX_SIZE_3D} nodes per edge")


def save(lut: Lut, path: Path, dialect: str = "iridas") -> None:
    """Write a LUT and print its path."""
    write_cube(lut, path, dialect)
    print(path)


def describe(lut: Lut) -> str:
    """One line: kind, size, domain."""
    if isinstance(lut, ShapedLut):
        return f"{describe(lut.shaper)}, then {describe(lut.cube)}"
    kind = f"cube of {lut.size}" if isinstance(lut, Lut3D) else f"curves of {lut.size}"
    if lut.is_unit:
        return kind
    low, high = (" ".join(f"{x:g}" for x in bound) for bound in (lut.domain_min, lut.domain_max))
    return f"{kind} over {low} to {high}"
