"""A method as a function on a picture: what the front door and `benchmarks apply` call."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datagen.dataset.read import Pair
from datagen.regions import labels as masks

from ..environment import pick_device
from ..methods import Method, MethodError, find_methods
from ..methods.models.trained.given import GivenWeights, with_weights
from .predict import Predict, predictor

if TYPE_CHECKING:
    from luts.lut import Lut

SEEING = ("check", "oracle", "stored", "external")


@dataclass(frozen=True)
class Fix:
    """A method ready to be called: `fix(encoded, regions=None)`; see `method`."""

    name: str
    spec: str
    row: Method
    device: str
    _predict: Predict = field(repr=False)

    def __call__(self, encoded: np.ndarray, regions: np.ndarray | None = None) -> np.ndarray:
        """Correct a picture.

        Parameters
        ----------
        encoded : (H, W, 3) float, encoded, in [0, 1]
        regions : (H, W) uint8 labels, 2 = A (correct here), 1 = B (transition), 0 = C (leave
            alone); None corrects everywhere. A method that knows no regions is blended by them.

        Returns
        -------
        (H, W, 3) float32, encoded, in [0, 1]. Raises ValueError for another kind of array.
        """
        encoded = np.asarray(encoded)
        if encoded.dtype.kind != "f" or encoded.ndim != 3 or encoded.shape[2] != 3:
            raise ValueError(
                "pictures are (H, W, 3) floating-point arrays in [0, 1], got "
                f"{encoded.shape} {encoded.dtype}; divide 8-bit values by 255"
            )
        encoded = encoded.astype(np.float32)
        given = np.full(encoded.shape[:2], masks.A, np.uint8) if regions is None else regions
        masks.check_regions(given)
        if given.shape != encoded.shape[:2]:
            raise ValueError(f"regions are {given.shape} for a picture of {encoded.shape[:2]}")
        result = self._predict(Pair("picture", encoded, encoded, given), encoded)
        if regions is None or self.row.region_aware:
            return result
        return masks.ideal(encoded, result, masks.alpha(regions))

    def colour_map(self, encoded: np.ndarray, *, size: int | None = None) -> Lut:
        """The LUT of what a model does to one picture; see `export.colour_map`."""
        from ..methods.models.trained.export import colour_map

        return colour_map(self.name, self.row, encoded, size=size)


def method(
    name: str, device: str = "auto", *, weights: str | Path | None = None, **settings: Any
) -> Fix:
    """Make a method callable.

    Parameters
    ----------
    name : one of METHODS, or "my.py:name"
    device : "auto", "cpu", "cuda", ... of models
    weights : file or folder of a model's weights, other than the shipped ones
    settings : of the method, where they differ from those of its row: degree=0.8

    Raises
    ------
    MethodError for a method that does not exist, or that sees the answer; UntrainedError for a
    model without weights; ModelError for a setting that it does not have.
    """
    ((own, row),) = find_methods([name], with_slow=True).items()
    if row.kind in SEEING:
        raise MethodError(f"{name}: sees what is wanted; it cannot correct a picture")
    if weights is not None:
        row = with_weights({own: row}, [GivenWeights(Path(weights).resolve())])[own]
    if settings:
        row = replace(row, settings={**row.settings, **settings})
    chosen = pick_device(device)
    return Fix(own, name, row, chosen, predictor(own, row, chosen))
