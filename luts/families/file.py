"""File: a finished LUT, from the library or a `.cube` of the user's, at some opacity."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from ..library import load, names, resolve
from ..lookup import apply as apply_lut
from ..lut import Lut, table_hash
from ..tool.errors import UserError
from .family import Family, Parameters


def draw(rng: np.random.Generator) -> Parameters:
    """One LUT of the library."""
    return choose(str(rng.choice(names())))


def choose(source: str) -> Parameters:
    """The parameters of a given LUT: a name of the library, or a path that ends in .cube."""
    return {"lut": source, "table_hash": table_hash(_read(source))}


def apply(encoded: np.ndarray, parameters: Parameters, strength: float = 1.0) -> np.ndarray:
    """Mix the LUT's output into the input, as "opacity" does in an editor.

    Parameters: lut, a name of the library or a path to a .cube; table_hash, of the table that was
    drawn. UserError when the file holds another table by now.
    """
    lut = _read(parameters["lut"])
    if table_hash(lut) != parameters["table_hash"]:
        raise UserError(f"{parameters['lut']}: the file holds another LUT than the one drawn")
    return encoded + strength * (apply_lut(lut, encoded, engine="numpy") - encoded)


def limit(_: Parameters) -> float:
    """Full opacity."""
    return 1.0


def _read(source: str) -> Lut:
    path = resolve(source)
    return _cached(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _cached(path: Path, _changed: int) -> Lut:
    """Reading takes longer than applying, and a calibration applies ten times."""
    return load(path)


FILE = Family(
    draw,
    apply,
    limit,
    "a finished LUT of the library or from disk, at some opacity",
    how="a library LUT, or yours with `--lut`, at an opacity",
    drawn="LUT, its hash",
)
