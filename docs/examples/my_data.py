"""A LUT family and a data source of your own; see docs/extending.md."""

import numpy as np

from datagen.sources import Scene
from luts.families import Family


def draw(rng):
    """A gain of 0.5 to 2: plain numbers, which the data set records."""
    return {"gain": float(rng.uniform(0.5, 2))}


def apply(encoded, parameters, strength=1.0):
    """Move colours away from their grey, the more the closer they are to it."""
    grey = encoded.mean(axis=-1, keepdims=True)
    return encoded + strength * parameters["gain"] * (encoded - grey) * (1 - np.abs(encoded - grey))


def limit(parameters):
    """How strong it can be made, 1 = as drawn."""
    return 2.0


VIBRANCE = Family(draw, apply, limit, "muted colours gain saturation", reaches=4.0)


def read_shots(source, folder):
    """Shots dark_*.png, each beside its reference good_*.png."""
    return [
        Scene(
            name=path.stem.removeprefix("dark_"),
            inputs=((-1.0, path.name),),
            references=(("good", path.name.replace("dark_", "good_")),),
            licence=source.licence,
        )
        for path in sorted(folder.glob("dark_*.png"))
    ]
