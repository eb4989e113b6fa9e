"""Predictions kept on disk, so that another metric needs no other inference.

A prediction is a 16-bit PNG, predictions/METHOD/SAMPLE/KEY-HASH.png: KEY names all that it was made
from, HASH its own bytes, so a file that was changed or cut is made again rather than scored. What
is scored is what the file says, whether it was just written or read.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datagen.images.codes import quantise, to_float
from datagen.images.files import decode, encode
from luts.tool.errors import UserError
from luts.tool.files import whole_file
from luts.tool.gate import inside

PREDICTIONS = "predictions"


class PredictionError(UserError):
    """A place for predictions that cannot be written to."""


@dataclass(frozen=True)
class Predictions:
    """The kept predictions of a run."""

    folder: Path

    def find(self, method: str, sample: str, key: str) -> np.ndarray | None:
        """Read a prediction, (H, W, 3) float32 encoded; None when there is no intact one."""
        for path in self._place(method, sample).glob(f"{key}-*.png"):
            data = path.read_bytes()
            if path.stem == f"{key}-{_digest(data)}":
                return to_float(decode(data))
        return None

    def keep(self, method: str, sample: str, key: str, estimate: np.ndarray) -> np.ndarray:
        """Write a prediction (H, W, 3) float, and return it as it will be read."""
        rounded = rounded_as_kept(estimate)
        data = encode(quantise(rounded, 16))
        with whole_file(self._place(method, sample) / f"{key}-{_digest(data)}.png") as scratch:
            scratch.write_bytes(data)
        return rounded

    def check_place(self) -> None:
        """Refuse a folder that a link leads out of the run."""
        if self.folder.is_symlink():
            raise PredictionError(f"{self.folder}: is a link; predictions stay in the run")

    def _place(self, method: str, sample: str) -> Path:
        return inside(self.folder, f"{method}/{sample}")


def rounded_as_kept(estimate: np.ndarray) -> np.ndarray:
    """Round to what a kept prediction holds: 16-bit codes, as float32."""
    return to_float(quantise(estimate, 16))


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=8).hexdigest()
