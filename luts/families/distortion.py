"""A distortion: one member of a family at one strength, as a value."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass, replace

import numpy as np

from ..definition import tetrahedral
from ..lut import Lut3D, nodes
from ..measure import NATURAL_SET, mean_difference
from .family import Parameters
from .outside import family_of

VERSION = 1  # of the drawing and applying code: a record of another version may not reproduce
REFERENCE_SIZE = 33
_COMMENT_WIDTH = 200


@dataclass(frozen=True)
class Distortion:
    """One member of a family.

    family : key of FAMILIES, or the name of one from outside that is at hand
    seed : what it was drawn with
    parameters : what was drawn, JSON-able
    strength : how far from the identity, 1 = as drawn
    severity : mean CIEDE2000 over natural colours of its cube, of 33 nodes or the size drawn for
    """

    family: str
    seed: int
    parameters: Parameters
    strength: float
    severity: float

    def apply(self, encoded: np.ndarray) -> np.ndarray:
        """Distort encoded colours exactly, without a lattice in between.

        Parameters
        ----------
        encoded : (..., 3) float in [0, 1]

        Returns
        -------
        (..., 3) of the same dtype in [0, 1], clipped once at the end.
        """
        encoded = np.asarray(encoded)
        apply = family_of(self.family).apply
        exact = apply(encoded.astype(np.float64), self.parameters, self.strength)
        return np.clip(exact, 0, 1).astype(encoded.dtype)

    def bake(self, size: int = 33) -> Lut3D:
        """Sample the distortion on a lattice of `size` nodes per axis; its record is the comment.

        Nodes that two sizes share (17, 33, 65) have the same values.
        """
        record = json.dumps(self.record(), sort_keys=True)
        title = f"{self.family} seed {self.seed} severity {self.severity:.2f}"
        lines = textwrap.wrap(f"distortion: {record}", _COMMENT_WIDTH)
        return Lut3D(self.apply(nodes(size)), title=title, comments=tuple(lines))

    def record(self) -> dict:
        """What reproduces and describes the distortion, JSON-able."""
        return {
            "family": self.family,
            "seed": self.seed,
            "version": VERSION,
            "parameters": self.parameters,
            "strength": self.strength,
            "severity": {"set": NATURAL_SET, "mean": round(self.severity, 4)},
        }


def measure(distortion: Distortion, size: int = REFERENCE_SIZE) -> Distortion:
    """Give a distortion the severity of its cube of `size` nodes."""
    table = distortion.apply(nodes(size))
    severity = mean_difference(lambda encoded: tetrahedral(table, encoded * (size - 1)))
    return replace(distortion, severity=severity)
