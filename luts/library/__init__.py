"""Hand-made distortions, each a .cube with its recipe, severity and provenance in its comments."""

from __future__ import annotations

from pathlib import Path

from ..cube.file import read_cube
from ..lut import Lut
from ..tool.errors import UserError

FOLDER = Path(__file__).parent


class LibraryError(UserError):
    """A LUT that the library does not hold."""


def names() -> list[str]:
    """Names of the LUTs, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.cube"))


def path(name: str) -> Path:
    """Where a LUT's file is; LibraryError when there is none of that name."""
    if name not in names():
        raise LibraryError(f"no LUT {name!r} in the library; there are {', '.join(names())}")
    return FOLDER / f"{name}.cube"


def resolve(source: str | Path) -> Path:
    """The file meant by a user: a name of the library, or else a path."""
    text = str(source)
    if text in names():
        return path(text)
    if Path(text).suffix or Path(text).parent != Path():
        return Path(text)
    return path(text)


def load(source: str | Path) -> Lut:
    """Read a LUT by its path or by its name in the library.

    Parameters
    ----------
    source : one of `names()`, or a `.cube` file

    Returns
    -------
    Lut; the comments of one of the library hold cause, recipe, severity and provenance.

    Raises
    ------
    LibraryError : neither a file's name nor a LUT of the library
    LutFormatError : path:line, what cannot be read
    """
    return read_cube(resolve(source))
