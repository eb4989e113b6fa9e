"""The colour map a trained model makes for one picture, as a LUT."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from datagen.images.codes import to_float
from datagen.images.files import read_image
from luts.algebra import compose
from luts.lut import Lut

from . import MODELS, ModelError
from .checkpoints import load
from .output import MapsColour


def colour_map(name: str, picture: Path, *, size: int | None = None) -> Lut:
    """Let a trained model look at a picture and return what it would do to it.

    Parameters
    ----------
    name : key of MODELS, of a model that has `colour_maps`
    picture : file of any size, read as sRGB; grey counts as RGB
    size : bake the map into one cube of so many nodes per edge; None keeps it as the model has it

    Returns
    -------
    Lut3D, Lut1D or ShapedLut that says in its title what made it. A local model's map is the one
    for a picture that is all region A.

    Raises
    ------
    ModelError : no such model, or one whose effect is not one colour map
    UntrainedError : it was never trained
    ImageError : the picture cannot be read
    """
    if name not in MODELS:
        raise ModelError(f"no model called {name!r}; see `benchmarks list`")
    module, record = load(name)
    if not isinstance(module, MapsColour):
        raise ModelError(f"{name}: what it does to a colour depends on where it is: no LUT can")
    encoded = to_float(read_image(picture))
    if encoded.ndim == 2:
        encoded = np.repeat(encoded[:, :, None], 3, axis=2)
    images = torch.from_numpy(np.ascontiguousarray(encoded)).permute(2, 0, 1)[None].float()
    with torch.inference_mode():
        (lut,) = module.colour_maps(images)
    if size is not None:
        lut = compose(lut, size=size)
    title = f"{name} for {Path(picture).name}"
    return replace(lut, title=title, comments=(f"weights {record['sha256'][:12]}",))
