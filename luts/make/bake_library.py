"""Make the library's files out of their recipes, byte for byte: `make library`."""

from __future__ import annotations

import json
from pathlib import Path

from ..cube.file import write_cube
from ..lut import Lut3D, nodes
from ..measure import severity
from .library_recipes import RECIPES

SIZE = 17  # the whole library stays under 5 MB; `luts random` bakes finer
FOLDER = Path(__file__).parent.parent / "library"


def bake(name: str) -> Lut3D:
    """Sample one recipe on a lattice, with its figures, recipe and provenance as comments."""
    recipe = RECIPES[name]
    table = recipe.apply(nodes(SIZE))
    figures = severity(Lut3D(table))
    comments = [
        f"cause: {recipe.cause}",
        *(f"step: {step} {json.dumps(parameters)}" for step, parameters in recipe.steps),
        *([f"source: {recipe.source}"] if recipe.source else []),
        f"severity: {figures.mean:.2f} mean, {figures.p95:.2f} p95 dE00 over {figures.set_id}",
        f"reversible: {figures.clipped:.1%} of natural colours clipped, "
        f"{figures.folded:.2%} of the cube folded",
        "provenance: made for tonebench by luts/make/library_recipes.py; licence Apache-2.0",
    ]
    return Lut3D(table, title=name, comments=tuple(comments))


def main() -> None:
    for name in RECIPES:
        path = FOLDER / f"{name}.cube"
        write_cube(bake(name), path)
        print(path)


if __name__ == "__main__":
    main()
