"""A look: layers one above the other, scaled as a whole; applied exactly, or baked into a LUT."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..lut import Lut1D, Lut3D, nodes, table_hash
from ..tool.errors import UserError
from .kind import Kind, Values
from .table import KINDS

VERSION = 1  # of the meaning of the layers: a look of another version is refused
SIZE = 33
CURVE_ROWS = 4096
_COMMENT_WIDTH = 200


@dataclass(frozen=True)
class Layer:
    """One layer.

    kind : key of KINDS
    values : parameter -> value, every one of the kind, as `Parameter.check` returns them
    strength : 0 none, 1 as set
    on : whether it counts
    """

    kind: str
    values: Values
    strength: float = 1.0
    on: bool = True


@dataclass(frozen=True)
class Look:
    """A distortion made by eye.

    layers : the first is applied first
    name : becomes the title
    amount : times every layer's strength; a layer is not scaled beyond its kind's limit
    folder : where the files that layers name lie
    """

    layers: tuple[Layer, ...]
    name: str = ""
    amount: float = 1.0
    folder: Path = field(default=Path(), compare=False)

    @cached_property
    def prepared(self) -> tuple[tuple[Kind, Any, float], ...]:
        """The layers that count: kind, what it works on, and the layer's own strength.

        Raises
        ------
        UserError : a file that cannot be read, a member that cannot be drawn; names the layer
        """
        found = []
        for number, layer in enumerate(self.layers, start=1):
            if not layer.on or not layer.strength:
                continue
            kind = KINDS[layer.kind]
            try:
                found.append((kind, kind.prepare(layer.values, self.folder), layer.strength))
            except OSError as error:
                reason = f"{error.filename}: {error.strerror}"
                raise UserError(f"layer {number} ({layer.kind}): {reason}") from None
            except UserError as error:
                raise UserError(f"layer {number} ({layer.kind}): {error}") from None
        return tuple(found)

    def exact(self, encoded: np.ndarray, amount: float | None = None) -> np.ndarray:
        """Apply the layers in turn; (..., 3) float64, not clipped; at another amount if given."""
        scale = self.amount if amount is None else amount
        for kind, prepared, strength in self.prepared:
            most = max(strength, kind.limit(prepared))
            encoded = kind.apply(encoded, prepared, min(strength * scale, most))
        return encoded

    def apply(self, encoded: np.ndarray) -> np.ndarray:
        """Distort encoded colours (..., 3) float exactly, into [0, 1]; same dtype."""
        encoded = np.asarray(encoded)
        return np.clip(self.exact(encoded.astype(np.float64)), 0, 1).astype(encoded.dtype)

    @property
    def separable(self) -> bool:
        """Whether three curves say it all, so that a 1D LUT is exact."""
        return all(kind.separable(prepared) for kind, prepared, _ in self.prepared)

    def bake(self, size: int = SIZE) -> Lut3D:
        """Sample the look on a lattice of `size` nodes per axis."""
        return Lut3D(self.apply(nodes(size)), title=self.name, comments=self._comments())

    def bake_curves(self, rows: int = CURVE_ROWS) -> Lut1D:
        """Sample the look as three curves.

        Raises
        ------
        UserError : a layer mixes channels
        """
        for number, layer in enumerate(self.layers, start=1):
            if not Look((layer,), folder=self.folder).separable:
                raise UserError(
                    f"layer {number} ({layer.kind}) mixes channels: three curves cannot hold it"
                )
        ramp = np.repeat(np.linspace(0, 1, rows)[:, None], 3, axis=1)
        return Lut1D(self.apply(ramp), title=self.name, comments=self._comments())

    def _comments(self) -> tuple[str, ...]:
        """The record, as the comments of a LUT."""
        return tuple(textwrap.wrap(f"look: {json.dumps(self.record())}", _COMMENT_WIDTH))

    def record(self) -> dict[str, Any]:
        """What reproduces the look, JSON-able; a cube that it holds is told by its table's hash."""
        return {
            "look": VERSION,
            "name": self.name,
            "amount": self.amount,
            "layers": [self._record(layer) for layer in self.layers],
        }

    def _record(self, layer: Layer) -> dict[str, Any]:
        values = dict(layer.values)
        if layer.kind == "lut":
            lut = KINDS["lut"].prepare(layer.values, self.folder)
            values = {"lut": values["lut"], "table_hash": table_hash(lut)}
        return {"kind": layer.kind, "on": layer.on, "strength": layer.strength, **values}
