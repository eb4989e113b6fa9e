"""The colour map a trained model makes for one picture, as a LUT."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from luts.algebra import compose
from luts.lut import Lut
from luts.torch.layout import to_batch

from ...method import Method
from .. import ModelError
from ..output import MapsColour
from .checkpoints import load_row


def colour_map(name: str, row: Method, encoded: np.ndarray, *, size: int | None = None) -> Lut:
    """Let a trained model look at a picture and return what it would do to it.

    Parameters
    ----------
    name, row : of a model that has `colour_maps`
    encoded : (H, W, 3) float, encoded, of any size
    size : bake the map into one cube of so many nodes per edge; None keeps it as the model has it

    Returns
    -------
    Lut3D, Lut1D or ShapedLut that says in its title what made it. A local model's map is the one
    for a picture that is all region A.

    Raises
    ------
    ModelError : not a model, or one whose effect is not one colour map
    UntrainedError : it was never trained
    """
    if row.kind != "model":
        raise ModelError(f"{name}: is no model; only a model's colour map can be written")
    module, record = load_row(name, row)
    if not isinstance(module, MapsColour):
        raise ModelError(f"{name}: what it does to a colour depends on where it is: no LUT can")
    images = to_batch([encoded]).float()
    with torch.inference_mode():
        (lut,) = module.colour_maps(images)
    if size is not None:
        lut = compose(lut, size=size)
    return replace(lut, title=name, comments=(f"weights {record.sha256[:12]}",))
