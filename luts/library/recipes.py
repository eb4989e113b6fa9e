"""The recipes of the library, and the command that bakes them: python -m luts.library.recipes"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..cube import write_cube
from ..families.family import Parameters
from ..lut import Lut3D, nodes
from ..severity import severity
from .steps import STEPS

SIZE = 17
FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Recipe:
    """A hand-made distortion.

    cause : what happens in the world, one line
    steps : (key of STEPS, parameters), applied in order to encoded colours, clipped at the end
    source : where its facts come from; empty when the values are our judgement
    """

    cause: str
    steps: tuple[tuple[str, Parameters], ...]
    source: str = ""

    def apply(self, encoded: np.ndarray) -> np.ndarray:
        """Distort encoded colours (..., 3) exactly."""
        for name, parameters in self.steps:
            encoded = STEPS[name](encoded, parameters)
        return np.clip(encoded, 0, 1)


_OHTA = "lamp spectra of colour-science, fitted by luts/data/make_lamps.py"

RECIPES: dict[str, Recipe] = {
    "tungsten": Recipe(
        "incandescent room, camera left on daylight",
        (("illuminant", {"lamp": "tungsten", "mix": 1.0, "adaptation": 0.0}),),
        _OHTA,
    ),
    "sodium-street": Recipe(
        "high-pressure sodium street lamps at night, white balance gave up half way",
        (
            ("illuminant", {"lamp": "sodium-c100s54", "mix": 1.0, "adaptation": 0.25}),
            ("exposure", {"ev": -0.7}),
        ),
        _OHTA,
    ),
    "parking-garage": Recipe(
        "old cool-white tubes in a concrete garage: green, dull and a little dark",
        (
            ("illuminant", {"lamp": "garage-tube", "mix": 1.0, "adaptation": 0.5}),
            ("exposure", {"ev": -0.6}),
            ("desaturate", {"amount": 0.2}),
            ("fade", {"black": [0.04, 0.05, 0.04], "white": [1.0, 1.0, 1.0]}),
        ),
        _OHTA,
    ),
}


def bake(name: str) -> Lut3D:
    """Sample one recipe on a lattice, with its figures, recipe and provenance as comments."""
    recipe = RECIPES[name]
    table = recipe.apply(nodes(SIZE))
    figures = severity(Lut3D(table))
    natural = figures.natural
    comments = [
        f"cause: {recipe.cause}",
        *(f"step: {step} {json.dumps(parameters)}" for step, parameters in recipe.steps),
        *([f"source: {recipe.source}"] if recipe.source else []),
        f"severity: {figures.mean:.2f} mean, {figures.p95:.2f} p95 dE00 over {figures.set_id}",
        f"reversible: {natural.clipped:.1%} clipped, {figures.folded:.2%} of the cube folded",
        "provenance: made by luts/library/recipes.py of tonebench; licence Apache-2.0",
    ]
    return Lut3D(table, title=name, comments=tuple(comments))


def main() -> None:
    for name in RECIPES:
        write_cube(bake(name), FOLDER / f"{name}.cube")
        print(FOLDER / f"{name}.cube")


if __name__ == "__main__":
    main()
