"""Colour distortions of a recipe's [[distort]] blocks: drawn by name, applied exactly, recorded.

A family's member is applied by its own formula, pixel by pixel. The .cube file stored beside the
pictures is the same distortion sampled on a grid, for other tools. Only a distortion from a file or
from the library is itself a table, and the record says so with `exact: false`.
"""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import luts
from luts import families
from luts.colour.colorimetry import delta_e_2000, encoded_to_lab
from luts.cube.file import DECIMALS_3D
from luts.fidelity import fidelity
from luts.lut import Lut3D, nodes
from luts.measure import mean_difference
from luts.tool.files import sha256
from luts.tool.seeding import sample_rng
from luts.tool.words import shown

from ..dataset.target import Target
from ..recipe.load import Recipe, RecipeError
from ..recipe.settings import Distort
from .lut_splits import OPACITY, Division, Item, divide

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
    record: dict[str, Any]  # all that a row says of it; the file holds the table alone

    def apply(self, encoded: np.ndarray) -> np.ndarray:
        """Distort (H, W, 3) encoded float values; the result lies in [0, 1], float32."""
        return through(self.layers, encoded).astype(np.float32)

    def bake(self) -> Lut3D:
        """All layers as one LUT."""
        return bake(self.layers, self.lut_size)

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
    finished = _divided(recipe, out)[block][split]
    return _pool_entry(distort, recipe.seed, f"distort/{block}/{split}/{entry}", finished, out)


def image_severity(distorted: np.ndarray, encoded: np.ndarray) -> float:
    """Mean CIEDE2000 between a picture, (H, W, 3) encoded, before and after."""
    after, before = (encoded_to_lab(picture.astype(np.float64)) for picture in (distorted, encoded))
    return float(delta_e_2000(after, before).mean())


def at_hand(distort: Distort) -> None:
    """Import the families of a block that come from outside, so that records find them."""
    for name in distort.families:
        families.find(name)


_DIVISION = f"{MEMO}/division.json"


@functools.cache
def _divided(recipe: Recipe, out: Target) -> tuple[Division, ...]:
    """The finished LUTs of every block by split: from the memo, or worked out and left there."""
    try:
        known = json.loads(out.read(_DIVISION))
    except (FileNotFoundError, ValueError):
        parts = divide(recipe)
        known = [
            {split: [astuple(item) for item in found] for split, found in part.items()}
            for part in parts
        ]
        out.write(_DIVISION, json.dumps(known).encode())
    return tuple(
        {split: tuple(Item(*item) for item in found) for split, found in part.items()}
        for part in known
    )


@functools.cache
def _pool_entry(
    distort: Distort, seed: int, key: str, finished: tuple[Item, ...], out: Target
) -> Distortion:
    """Take an entry from the memo, or draw it and leave it there. Both give the same numbers."""
    at_hand(distort)
    name = f"{MEMO}/{key.replace('/', '-')}.json"
    try:
        drawn = json.loads(out.read(name))
    except (FileNotFoundError, ValueError):  # a URL may show a file that is being written
        drawn, cube = _draw_entry(distort, finished, sample_rng(seed, key))
        if out.size(path := lut_path(drawn["lut_hash"])) != len(cube):
            out.write(path, cube)  # it is at hand; written once more only if it is lost
        out.write(name, json.dumps(drawn).encode())
    record = drawn["record"]
    layers = tuple(layer_of(layer, finished) for layer in record.get("layers", [record]))
    file = (drawn["file_sha256"], drawn["file_bytes"])
    return Distortion(layers, distort.lut_size, drawn["lut_hash"], file, record)


def _draw_entry(
    distort: Distort, finished: tuple[Item, ...], rng: np.random.Generator
) -> tuple[dict[str, Any], bytes]:
    """Draw the layers of an entry: everything that says what they are, as JSON, and its file."""
    records = [draw_layer(distort, finished, rng) for _ in range(distort.stack)]
    layers = tuple(layer_of(record, finished) for record in records)
    exact = functools.partial(through, layers)
    lut = bake(layers, distort.lut_size)
    record = {
        **(records[0] if len(records) == 1 else {"kind": "stack", "layers": records}),
        "exact": all(record["kind"] == "family" for record in records),
        "severity": round(mean_difference(exact), 4),
        "baked": fidelity(exact, lut).record(),
    }
    cube = _cube(lut)
    drawn = {
        "record": record,
        "lut_hash": luts.table_hash(lut),
        "file_sha256": sha256(cube),
        "file_bytes": len(cube),
    }
    return drawn, cube


def lut_path(lut_hash: str) -> str:
    """Where a data set keeps a LUT."""
    return f"luts/{lut_hash}.cube"


def bake(layers: tuple[Layer, ...], size: int) -> Lut3D:
    """The table that is stored, to the decimals that are: its hash and its text are one thing.

    No title and no comment: two sources that bake to one table are one LUT, whatever their names.
    """
    table = through(layers, nodes(size)).astype(np.float64)
    return Lut3D(np.round(table, DECIMALS_3D))


def _cube(lut: Lut3D) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lut.cube"
        luts.write_cube(lut, path)
        return path.read_bytes()


def layer_of(record: Mapping[str, Any], finished: tuple[Item, ...]) -> Layer:
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
    kind, name = record["kind"], record["name"]
    source = next((item.source for item in finished if (item.kind, item.name) == (kind, name)), "")
    if not source:
        raise RecipeError(f"{kind} {shown(name)}: the recipe names no such LUT")
    return functools.partial(luts.apply, luts.load(source), exact=True)


def draw_layer(
    distort: Distort, finished: tuple[Item, ...], rng: np.random.Generator
) -> dict[str, Any]:
    """Pick a family or a finished LUT, each as likely as any other; returns its record."""
    drawn_at_opacity = [item for item in finished if item.kind == "family"]
    choices: list[str | Item] = [*distort.families]
    choices += [item for item in finished if item.kind != "family"]
    choice = choices[int(rng.integers(len(choices)))]
    if isinstance(choice, str):
        member = _draw_member(choice, distort.severity, drawn_at_opacity, rng)
        # Through JSON and back, so that a drawn member is the one that the memo gives.
        parameters = json.loads(json.dumps(member.record()))
        return {"kind": "family", "name": member.family, "parameters": parameters}
    parameters = {"lut_sha256": luts.table_hash(luts.load(choice.source))}
    if Path(choice.source).suffix.lower() == ".toml":
        parameters["look"] = luts.read_look(choice.source).record()
    return {"kind": choice.kind, "name": choice.name, "parameters": parameters}


def _draw_member(
    family: str, severity: tuple[float, float], opaque: Sequence[Item], rng: np.random.Generator
) -> families.Distortion:
    """A member of a family with a severity in the range; not every draw can be made that strong."""
    for _ in range(MAX_DRAWS):
        asked = round(float(rng.uniform(*severity)), 3)
        try:
            source = None
            if family == OPACITY:
                source = opaque[int(rng.integers(len(opaque)))].source
            seed = int(rng.integers(2**31))
            return families.draw(family, seed=seed, severity=asked, source=source)
        except families.DistortionError as error:
            refusal = error
    raise RecipeError(f"[[distort]] severity: {refusal}; lower the range, {list(severity)}")


def through(layers: tuple[Layer, ...], encoded: np.ndarray) -> np.ndarray:
    """Layer by layer; each gives a picture that can be shown, hence the clipping in between."""
    for layer in layers:
        encoded = np.clip(layer(np.asarray(encoded, np.float32)), 0, 1)
    return encoded
