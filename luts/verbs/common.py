"""What several verbs share: notes on stderr, paths on stdout."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from .. import library
from ..fidelity import ColourMap, fidelity, size_that_does
from ..formats import check_output, read_file_noted, write_file
from ..lut import MAX_SIZE_1D, MAX_SIZE_3D, Lut, Lut1D, Lut3D, ShapedLut, stages
from ..pictures import PictureInfo
from ..tool.errors import UserError
from ..units import doubts, refuse_useless


def read_lut(source: Path | str, *, for_pixels: bool = False) -> Lut:
    """Read a LUT file or a LUT of the library; what is odd about it goes to stderr.

    With `for_pixels`, a table in units that would destroy a picture is refused.
    """
    path = library.resolve(source)
    lut, notes = read_file_noted(path)
    for note in notes:
        told = f"{path}:{note.line}" if note.line else path
        print(f"{told}: {note.text}", file=sys.stderr)
    if for_pixels:
        refuse_useless(lut, str(path))
    for doubt in doubts(lut):
        print(f"{'warning: ' * doubt.useless}{path}: {doubt.text}", file=sys.stderr)
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


def tell_loss(
    what: str,
    exact: Lut | ColourMap,
    table: Lut,
    bake: Callable[[int], Lut] | None = None,
    domain: Lut1D | Lut3D | None = None,
) -> None:
    """Say on stderr what a resampling cost; above `fidelity.LIMIT` warn, and offer a size.

    Parameters
    ----------
    what : what was done, such as "baked into 33 nodes"
    bake : makes the same with another number of nodes
    domain : the first table, when `exact` is a function
    """
    found = fidelity(exact, table, domain)
    if not found.lossy:
        print(f"{what}: {found}", file=sys.stderr)
        return
    size = stages(table)[-1].size
    better = size_that_does(exact, bake, size, domain) if bake else None
    advice = f"; --size {better} would do" if better else "; no usual size would do"
    if not better and not callable(exact) and isinstance(exact, ShapedLut):
        advice += ", but without --size the curves are kept"
    print(f"warning: {what} loses colours: {found}{advice if bake else ''}", file=sys.stderr)


def say_what_changed(path: Path | str, info: PictureInfo) -> None:
    """Say on stderr what a picture's reader had to undo, or found odd."""
    if not info.is_srgb:
        print(f"{path}: {info.model} of {info.profile or 'no profile'} to sRGB", file=sys.stderr)
    if info.alpha == "premultiplied":
        print(f"{path}: colours divided by alpha; written straight", file=sys.stderr)
    for note in info.notes:
        print(f"{path}: {note}", file=sys.stderr)


def check_size(size: int, lut: Lut | None = None) -> None:
    """Refuse a size that no cube can have, or no curves where `lut` is curves."""
    if isinstance(lut, Lut1D):
        if not 2 <= size <= MAX_SIZE_1D:
            raise UserError(f"--size {size}: curves have 2 to {MAX_SIZE_1D} rows")
        return
    if not 2 <= size <= MAX_SIZE_3D:
        raise UserError(f"--size {size}: a cube has 2 to {MAX_SIZE_3D} nodes per edge")


def save(
    lut: Lut, path: Path, dialect: str | None = None, inputs: Sequence[Path | str] = ()
) -> None:
    """Write a LUT as its name says and print its path; never over an input that is a picture."""
    check_output(path, inputs)
    if dialect and path.suffix.lower() != ".cube":
        raise UserError(f"{path}: --dialect is for .cube files")
    for told in write_file(lut, path, dialect):
        print(f"{path}: {told}", file=sys.stderr)
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
