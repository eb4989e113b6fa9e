"""Colour distortions of a recipe's [[distort]] blocks: drawn by name, applied exactly, recorded.

A family's member is applied by its own formula, pixel by pixel. The .cube file stored beside the
pictures is the same distortion sampled on a grid, for other tools. Only a distortion from a file or
from the library is itself a table, and the record says so with `exact: false`.
"""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import luts
from luts import families, library
from luts.colour.colorimetry import delta_e_2000, encoded_to_lab
from luts.lut import Lut3D, nodes
from luts.measure import mean_difference
from luts.tool.files import sha256
from luts.tool.seeding import sample_rng
from luts.tool.words import nearest, shown

from ..dataset.target import Target
from ..recipe.load import Recipe, RecipeError
from ..recipe.settings import Distort

MAX_DRAWS = 32
MEMO = ".drawn"  # in the data set's folder while the build runs
Layer = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Distortion:
    """One or more layers on top of each other, and how to record them.

    Small, so that a worker can keep a whole pool; the table is baked again when it is wanted.
    """

    layers: tuple[Layer, ...]
    lut_size: int
    lut_hash: str
    lut_file: tuple[str, int]  # SHA-256 and bytes of the .cube file
    record: dict[str, Any]

    def apply(self, encoded: np.ndarray) -> np.ndarray:
        """Distort (H, W, 3) encoded float values; the result lies in [0, 1], float32."""
        return _through(self.layers, encoded).astype(np.float32)

    def bake(self) -> Lut3D:
        """All layers as one LUT."""
        return _bake(self.layers, self.lut_size, self.record)

    def cube(self) -> bytes:
        """The .cube file of that LUT."""
        return _cube(self.bake())


def draw(
    recipe: Recipe, block: int, *, split: str, sample: str, number: int, out: Target
) -> Distortion:
    """The distortion of a sample: an entry of the block's pool for its split, chosen by its id.

    In the data set's folder workers leave what they drew for each other: bringing a member to its
    severity takes longer than everything else about it.
    """
    distort = recipe.distort[block]
    rng = sample_rng(recipe.seed, f"{sample}/distort/{number}")
    entry = int(rng.integers(distort.pool))
    return _pool_entry(distort, recipe.seed, f"distort/{block}/{split}/{entry}", out)


def image_severity(distorted: np.ndarray, encoded: np.ndarray) -> float:
    """Mean CIEDE2000 between a picture, (H, W, 3) encoded, before and after."""
    difference = delta_e_2000(encoded_to_lab(distorted), encoded_to_lab(encoded))
    return float(np.mean(difference, dtype=np.float64))


def check_names(recipe: Recipe) -> dict[str, str]:
    """Look up every family, library LUT and file that a recipe names.

    Returns the table hashes of its LUT files, which are part of what the recipe means. Raises
    RecipeError for a name that does not exist, LutFormatError for a damaged file.
    """
    hashes = {}
    for number, distort in enumerate(recipe.distort, start=1):
        where = f"{recipe.path}: [[distort]] {number}"
        known = {"families": families.FAMILIES, "library": library.names()}
        for key, names in known.items():
            for name in getattr(distort, key):
                if name not in names:
                    raise RecipeError(f"{where} {key}: no {shown(name)}{nearest(name, names)}")
        for file in distort.files:
            if not Path(file).is_file():
                raise RecipeError(f"{where} files: {file}: no such file")
            hashes[Path(file).name] = luts.table_hash(luts.read_cube(file))
    _refuse_twins(recipe, hashes)
    return hashes


def _refuse_twins(recipe: Recipe, files: dict[str, str]) -> None:
    """Two names for one table would claim one file, which can carry one title only."""
    named = {name for distort in recipe.distort for name in distort.library} if files else ()
    first: dict[str, str] = {}
    for name, digest in [*files.items(), *((n, luts.table_hash(library.load(n))) for n in named)]:
        other = first.setdefault(digest, name)
        if other != name:
            raise RecipeError(
                f"{recipe.path}: [[distort]] files: {other} and {name} hold the same LUT; "
                "leave one out"
            )


@functools.cache
def _pool_entry(distort: Distort, seed: int, key: str, out: Target) -> Distortion:
    """Take an entry from the memo, or draw it and leave it there. Both give the same numbers."""
    name = f"{MEMO}/{key.replace('/', '-')}.json"
    try:
        drawn = json.loads(out.read(name))
    except (FileNotFoundError, ValueError):  # a URL may show a file that is being written
        drawn = _draw_entry(distort, sample_rng(seed, key))
        out.write(name, json.dumps(drawn).encode())
    record = drawn["record"]
    layers = tuple(_layer(layer, distort) for layer in record.get("layers", [record]))
    file = (drawn["file_sha256"], drawn["file_bytes"])
    return Distortion(layers, distort.lut_size, drawn["lut_hash"], file, record)


def _draw_entry(distort: Distort, rng: np.random.Generator) -> dict[str, Any]:
    """Draw the layers of an entry; everything that says what they are, as JSON."""
    records = [_draw_layer(distort, rng) for _ in range(distort.stack)]
    layers = tuple(_layer(record, distort) for record in records)
    record = {
        **(records[0] if len(records) == 1 else {"kind": "stack", "layers": records}),
        "exact": all(record["kind"] == "family" for record in records),
        "severity": round(mean_difference(functools.partial(_through, layers)), 4),
    }
    lut = _bake(layers, distort.lut_size, record)
    cube = _cube(lut)
    return {
        "record": record,
        "lut_hash": luts.table_hash(lut),
        "file_sha256": sha256(cube),
        "file_bytes": len(cube),
    }


def _bake(layers: tuple[Layer, ...], size: int, record: dict[str, Any]) -> Lut3D:
    names = [layer["name"] for layer in record.get("layers", [record])]
    return Lut3D(_through(layers, nodes(size)), title=" + ".join(names))


def _cube(lut: Lut3D) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lut.cube"
        luts.write_cube(lut, path)
        return path.read_bytes()


def _layer(record: dict[str, Any], distort: Distort) -> Layer:
    """The function that a layer's record describes."""
    if record["kind"] == "family":
        known = record["parameters"]
        return families.Distortion(
            known["family"],
            known["seed"],
            known["parameters"],
            known["strength"],
            known["severity"]["mean"],
        ).apply
    if record["kind"] == "library":
        return functools.partial(luts.apply, library.load(record["name"]))
    path = next(path for path in distort.files if Path(path).name == record["name"])
    return functools.partial(luts.apply, luts.read_cube(path))


def _draw_layer(distort: Distort, rng: np.random.Generator) -> dict[str, Any]:
    """Pick a family, library LUT or file, each as likely as any other; returns its record."""
    choices = [
        *(("family", name) for name in distort.families),
        *(("library", name) for name in distort.library),
        *(("file", name) for name in distort.files),
    ]
    kind, name = choices[int(rng.integers(len(choices)))]
    if kind == "family":
        member = _draw_member(name, distort.severity, rng)
        # Through JSON and back, so that a drawn member is the one that the memo gives.
        return {"kind": kind, "name": name, "parameters": json.loads(json.dumps(member.record()))}
    lut = library.load(name) if kind == "library" else luts.read_cube(name)
    parameters = {"lut_sha256": luts.table_hash(lut)}
    if Path(name).suffix.lower() == ".toml":
        parameters["look"] = luts.read_look(name).record()
    return {"kind": kind, "name": Path(name).name, "parameters": parameters}


def _draw_member(
    family: str, severity: tuple[float, float], rng: np.random.Generator
) -> families.Distortion:
    """A member of a family with a severity in the range; not every draw can be made that strong."""
    for _ in range(MAX_DRAWS):
        asked = round(float(rng.uniform(*severity)), 3)
        try:
            return families.draw(family, seed=int(rng.integers(2**31)), severity=asked)
        except families.DistortionError as error:
            refusal = error
    raise RecipeError(f"[[distort]] severity: {refusal}; lower the range, {list(severity)}")


def _through(layers: tuple[Layer, ...], encoded: np.ndarray) -> np.ndarray:
    """Layer by layer; each gives a picture that can be shown, hence the clipping in between."""
    for layer in layers:
        encoded = np.clip(layer(np.asarray(encoded, np.float32)), 0, 1)
    return encoded
