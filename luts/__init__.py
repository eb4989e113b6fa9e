"""Author, apply and measure colour distortions as 1D and 3D LUTs."""

from typing import TYPE_CHECKING

from .tool.lazy import front_door

_HOMES = {
    "Lut1D": "lut",
    "Lut3D": "lut",
    "LutFormatError": "lut",
    "ShapedLut": "lut",
    "UserError": "tool.errors",
    "apply": "lookup",
    "compose": "algebra",
    "fit": "fitting",
    "identity": "lut",
    "invert": "algebra",
    "load": "library",
    "random_lut": "families",
    "read_cube": "cube.file",
    "read_look": "look",
    "resize": "algebra",
    "severity": "measure",
    "strength": "algebra",
    "table_hash": "lut",
    "write_cube": "cube.file",
}

if TYPE_CHECKING:
    from .algebra import compose, invert, resize, strength
    from .cube.file import read_cube, write_cube
    from .families import random_lut
    from .fitting import fit
    from .library import load
    from .look import read_look
    from .lookup import apply
    from .lut import Lut1D, Lut3D, LutFormatError, ShapedLut, identity, table_hash
    from .measure import severity
    from .tool.errors import UserError

    __version__: str

__all__ = [
    "Lut1D",
    "Lut3D",
    "LutFormatError",
    "ShapedLut",
    "UserError",
    "apply",
    "compose",
    "fit",
    "identity",
    "invert",
    "load",
    "random_lut",
    "read_cube",
    "read_look",
    "resize",
    "severity",
    "strength",
    "table_hash",
    "write_cube",
]
__getattr__, __dir__ = front_door(__name__, _HOMES)
