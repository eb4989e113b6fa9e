"""Hand-made distortions, each a .cube with its recipe, severity and provenance in its comments."""

from __future__ import annotations

from pathlib import Path

from ..command import UserError
from ..cube import read_cube
from ..lut import Lut3D

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


def resolve(source: str) -> Path:
    """The file meant by a user: a path when it ends in .cube, else a name of the library."""
    return Path(source) if source.endswith(".cube") else path(source)


def load(name: str) -> Lut3D:
    """Read a LUT of the library.

    Parameters
    ----------
    name : one of `names()`

    Returns
    -------
    Lut3D; its comments hold the cause, the recipe, the severity and the provenance.
    """
    return read_cube(path(name))
