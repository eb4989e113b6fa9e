"""Layers that come finished: a LUT of the library or of a file, and a member of a random family."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from .. import library
from ..cube.file import read_cube
from ..cube.grammar import parse_cube
from ..families import FAMILIES, Distortion, draw
from ..families.distortion import VERSION
from ..families.drawing import USUAL_SEVERITY
from ..lookup import apply as apply_lut
from ..lut import Lut, Lut1D, stages
from ..tool.errors import UserError
from .kind import Kind, Values
from .parameter import Parameter

_SEPARABLE_FAMILIES = ("exposure", "tone", "channel", "fade")


def find(values: Values, folder: Path) -> Lut:
    """The LUT of a layer: what it holds itself, or one of the library, or a file by the look."""
    if values["cube"]:
        return _parse(values["cube"], values["lut"] or "cube")
    source = values["lut"]
    if not source:
        raise UserError("names no LUT and holds none")
    path = library.resolve(source)
    if source not in library.names():
        path = folder / path
        if path.suffix.lower() == ".toml":
            raise UserError(f"{source}: a look cannot hold another; bake it to a .cube first")
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _read(path: Path, _changed: int) -> Lut:
    return read_cube(path)


@lru_cache(maxsize=8)
def _parse(text: str, name: str) -> Lut:
    return parse_cube(text.encode(), name)[0]


def mix_in(encoded: np.ndarray, lut: Lut, strength: float) -> np.ndarray:
    """Mix a LUT's output into the input, as opacity does."""
    return encoded + strength * (apply_lut(lut, encoded, engine="numpy") - encoded)


LUT = Kind(
    {
        "lut": Parameter("", form="text", help="a name of the library, or a .cube by the look"),
        "cube": Parameter("", form="text", help="the text of a .cube that the look holds itself"),
    },
    mix_in,
    "a finished LUT: of the library, or an imported .cube or plate",
    prepare=find,
    limit=lambda _: 1.0,
    separable=lambda lut: all(isinstance(stage, Lut1D) for stage in stages(lut)),
)


@dataclass(frozen=True)
class Drawn:
    """A drawn member of a family, and the largest strength relative to it."""

    member: Distortion
    limit: float


def draw_member(values: Values, _: Path) -> Drawn:
    """Draw exactly what `luts random` draws."""
    if values["version"] != VERSION:
        raise UserError(
            f"version: drawn by version {values['version']} of the families, this is {VERSION}; "
            "the same seed may draw another member"
        )
    return _draw(values["family"], values["seed"], values["severity"])


@lru_cache(maxsize=64)
def _draw(family: str, seed: int, severity: float) -> Drawn:
    member = draw(family, seed=seed, severity=severity or None)
    return Drawn(member, FAMILIES[family].limit(member.parameters) / member.strength)


def distort(encoded: np.ndarray, drawn: Drawn, strength: float) -> np.ndarray:
    """Apply the member at a share of its drawn strength, not clipped."""
    member = drawn.member
    apply = FAMILIES[member.family].apply
    return apply(encoded, member.parameters, strength * member.strength)


FAMILY = Kind(
    {
        "family": Parameter("film", form="choice", choices=tuple(FAMILIES), help="which family"),
        "seed": Parameter(0, 0, 2**31 - 1, 1, "whole", help="the same seed draws the same"),
        "severity": Parameter(
            6.0, 0.0, USUAL_SEVERITY, 0.1, help="mean dE00 over natural colours; 0: as drawn"
        ),
        "version": Parameter(VERSION, 1, 1000, 1, "whole", help="of the families' code"),
    },
    distort,
    "a random member of a family, as `luts random` draws it",
    prepare=draw_member,
    limit=lambda drawn: drawn.limit,
    separable=lambda drawn: drawn.member.family in _SEPARABLE_FAMILIES,
)
