"""Hand-made distortions, each a .cube with its recipe, severity and provenance in its comments."""

from __future__ import annotations

from pathlib import Path

from ..formats import read_file
from ..lut import Lut
from ..tool.errors import UserError
from ..tool.words import nearest

FOLDER = Path(__file__).parent


class LibraryError(UserError):
    """A LUT that the library does not hold."""


def names() -> list[str]:
    """Names of the LUTs, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.cube"))


def path(name: str) -> Path:
    """Where a LUT's file is; any case. LibraryError when there is none of that name."""
    key = name.lower()
    if key not in names():
        raise LibraryError(
            f"no LUT {name!r} in the library, and no such file{nearest(key, names())}"
        )
    return FOLDER / f"{key}.cube"


def resolve(source: str | Path) -> Path:
    """The file meant by a user: a path, or else a name of the library in any case."""
    given = Path(source)
    if given.suffix or given.parent != Path() or given.is_file():
        return given
    return path(str(source))


def load(source: str | Path) -> Lut:
    """Read a LUT by its path or by its name in the library.

    Parameters
    ----------
    source : a LUT file of any format that is read, or one of `names()` in any case

    Returns
    -------
    Lut; the comments of one of the library hold cause, recipe, severity and provenance.

    Raises
    ------
    LibraryError : neither a file's name nor a LUT of the library
    LutFormatError : what cannot be read, with path and line
    """
    return read_file(resolve(source))
