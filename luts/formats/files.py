"""The tables of formats: which suffix is read by whom, and written by whom."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from ..cube.file import LutWarning, read_bytes, write_cube
from ..cube.grammar import Note, parse_cube
from ..lut import Lut, Lut3D, LutFormatError, ShapedLut
from ..pictures.read import is_picture
from ..tool.files import whole_file
from . import foreign, plates, threedl, vlt, xmp
from .what import refuse_what_is_no_lut

Read = tuple[Lut, list[Note]]

# suffix -> (what it is called, reader of a path)
READERS: dict[str, tuple[str, Callable[[Path], Read]]] = {
    ".3dl": ("Autodesk Flame and Lustre", foreign.read),
    ".csp": ("cineSpace", foreign.read),
    ".spi1d": ("Imageworks curves", foreign.read),
    ".spi3d": ("Imageworks cube", foreign.read),
    ".clf": ("ACES Common LUT Format", foreign.read),
    ".ctf": ("Autodesk Color Transform", foreign.read),
    ".look": ("Iridas look", foreign.read),
    ".mga": ("Pandora", foreign.read),
    ".m3d": ("Pandora", foreign.read),
    ".vf": ("Nuke vector field", foreign.read),
    ".cub": ("Truelight", foreign.read),
    ".lut": ("Discreet or Houdini", foreign.read),
    ".vlt": ("Panasonic cameras", vlt.read),
    ".xmp": ("Lightroom and Camera Raw profile", xmp.read),
}
READABLE = (".cube", ".itx", ".toml", *READERS, *plates.SUFFIXES)  # .itx is .cube text
WRITABLE = (".cube", ".3dl", ".clf", ".png", ".tif", ".tiff")


def read_file(path: Path | str) -> Lut:
    """Read a LUT file of any format of READABLE; oddities are warned about (LutWarning).

    Raises
    ------
    LutFormatError : what the file is, what is wrong, and what to do
    OSError : cannot be opened
    """
    lut, notes = read_file_noted(path)
    for note in notes:
        told = f"{path}:{note.line}" if note.line else str(path)
        warnings.warn(f"{told}: {note.text}", LutWarning, stacklevel=2)
    return lut


def read_file_noted(path: Path | str) -> Read:
    """`read_file`, with the oddities returned; line 0 stands for the whole file."""
    path = Path(path)
    suffix = path.suffix.lower()
    if is_picture(path):
        return plates.read(path)
    if suffix == ".toml":
        return _baked_look(path), []
    if suffix not in READERS:
        data = read_bytes(path)
        refuse_what_is_no_lut(data, path)
        return parse_cube(data, str(path))
    data = read_bytes(path)
    refuse_what_is_no_lut(data, path)
    name, reader = READERS[suffix]
    if suffix != ".vlt" and _is_cube_text(data):
        raise LutFormatError(f"{path}: holds .cube text, not {name}; rename it to .cube")
    return reader(path)


def _baked_look(path: Path) -> Lut:
    # The layers of a look are LUTs of any kind, so looks stand above this and are called by name.
    lut: Lut = import_module("luts.look").load_baked(path)
    return lut


def write_file(lut: Lut, path: Path | str, dialect: str | None = None) -> list[str]:
    """Write a LUT as the suffix says; whole or not at all.

    Parameters
    ----------
    lut : of any kind the format can hold
    path : a suffix of WRITABLE; pictures are plates, or strips where the size is no square
    dialect : of `.cube`; the one that can hold the LUT when None

    Returns
    -------
    What was lost, in words: values beyond 0 to 1, depth.

    Raises
    ------
    LutFormatError : no such format, or it cannot hold this LUT
    """
    path = Path(path)
    suffix = path.suffix.lower()
    check_output(path)
    if suffix == ".cube":
        shaped = isinstance(lut, ShapedLut)
        write_cube(lut, path, dialect or ("resolve" if shaped else "iridas"))
        told = "curves and a cube, in the Resolve dialect"
        return [told] if shaped and dialect is None else []
    if suffix == ".clf":
        with whole_file(path) as scratch:
            foreign.write_clf(lut, scratch)
        return []
    if not isinstance(lut, Lut3D) or not lut.is_unit:
        raise LutFormatError(
            f"{path}: this format holds one cube over 0 to 1; bake it first: luts convert --size 33"
        )
    outside = float(((lut.table < 0) | (lut.table > 1)).mean())
    lost = [f"{outside:.1%} of the table lies beyond 0 to 1 and is cut"] if outside else []
    if suffix == ".3dl":
        threedl.write(lut, path)
        return [*lost, f"stored in {threedl.BITS} bits"]
    plates.write(lut, path)
    return [*lost, "stored in 16 bits"]


def check_output(path: Path | str, inputs: Sequence[Path | str] = ()) -> None:
    """Refuse a name that says no format we write, or an input of another kind.

    Raises LutFormatError.
    """
    path = Path(path)
    if path.suffix.lower() not in WRITABLE:
        raise LutFormatError(f"{path}: LUTs are written as {', '.join(WRITABLE)}")
    for source in map(Path, inputs):
        if source.exists() and path.exists() and source.samefile(path) and is_picture(source):
            raise LutFormatError(f"{path}: is the picture that is read; choose another name")


def _is_cube_text(data: bytes) -> bool:
    head = data[:4000].upper()
    return b"LUT_3D_SIZE" in head or b"LUT_1D_SIZE" in head
