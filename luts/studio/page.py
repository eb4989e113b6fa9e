"""The LUT studio as one HTML file: its modules, its style and the tables it needs, put together."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from .. import library
from ..colour import colorimetry, oklab
from ..cube.file import read_cube, write_cube
from ..cube.traits import PROGRAMS, TRAITS
from ..families import FAMILIES, illuminant
from ..families.distortion import VERSION
from ..families.drawing import ATTEMPTS, CLOSE, CORRECTIONS
from ..families.lamps import lamp_matrix, lamp_names
from ..look import KINDS, Layer, Look, dump_look, named, read_look
from ..look.file import SUFFIX
from ..lut import Lut, Lut3D, ShapedLut
from ..measure import natural_colours
from ..pictures import read_info, read_picture, write_picture
from ..preview import CHART, PHOTO
from ..tool.seeding import name_word

# In the order in which they are read: each uses only those before it.
MODULES = (
    "data",
    "colour",
    "interpolate",
    "cube",
    "random",
    "families",
    "measure",
    "draw",
    "layers",
    "look",
    "toml",
    "png",
    "plates",
    "pictures",
    "preview",
    "scopes",
    "store",
    "controls",
    "panel",
    "files",
    "main",
)
DEMO = ("studio_portrait", "studio_city", "studio_flowers", "preview_photo")  # of luts/data
_BROWSER = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}
_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(
    r"^export ((?:async )?(?:function|class|const|let)) (\{[^}]*\}|\w+)", re.MULTILINE
)


def page(
    pictures: Sequence[Path] = (), lut: str | Path | None = None, token: str | None = None
) -> str:
    """Write the studio's page.

    Parameters
    ----------
    pictures : PNG, JPEG, TIFF or WebP files, put into the page before the demo ones
    lut : a look, a .cube or a name of the library to begin with
    token : of the server that gives the page, where it can save; None for a file opened from disk

    Returns
    -------
    HTML that needs nothing else: no network, no other file.

    Raises
    ------
    UserError : a picture or LUT that cannot be read
    """
    folder = resources.files(__package__)
    look = dump_look(_first_look(lut)) if lut is not None else None
    shown = [*(_embed(path) for path in pictures), *map(_demo, DEMO)]
    data = {**tables(), "pictures": shown, "look": look, "serve": token}
    # What is kept across reloads belongs to one command line: other pictures, another look.
    kept = json.dumps([look, [picture["name"] for picture in shown], bool(token)])
    data["id"] = hashlib.sha256(kept.encode()).hexdigest()[:16]
    template = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False).from_string(
        (folder / "page.html.j2").read_text("utf-8")
    )
    return template.render(
        style=(folder / "studio.css").read_text("utf-8"),
        data=json.dumps(data).replace("<", "\\u003c"),
        script=script(),
    )


def _first_look(lut: str | Path) -> Look:
    """A look as it is, any other LUT as a look of one layer; what lies in files is put inside."""
    path = library.resolve(lut)
    if path.suffix.lower() == SUFFIX:
        look = read_look(path)
        layers = tuple(_inside(layer, look.folder, path) for layer in look.layers)
        return replace(look, layers=layers)
    name = str(lut) if str(lut) in library.names() else ""
    values = {"lut": name or path.name, "cube": "" if name else _text(read_cube(path))}
    return Look((Layer("lut", values),), name=path.stem)


def _inside(layer: Layer, folder: Path, path: Path) -> Layer:
    source = layer.values.get("lut", "")
    if layer.kind != "lut" or layer.values["cube"] or source in library.names():
        return layer
    with named(path):
        text = _text(KINDS["lut"].prepare(layer.values, folder))
    return replace(layer, values={"lut": Path(source).name, "cube": text})


def _text(lut: Lut) -> str:
    """A LUT as the text of a .cube."""
    dialect = "resolve" if isinstance(lut, ShapedLut) else "iridas"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lut.cube"
        write_cube(replace(lut, title="", comments=()), path, dialect)
        return path.read_text("ascii")


def _embed(path: Path) -> dict[str, Any]:
    """A picture's own bytes where a browser reads them; a TIFF as an 8-bit PNG."""
    kind = _BROWSER.get(path.suffix.lower())
    if kind is not None:
        data = path.read_bytes()
        if kind != "webp":
            read_info(path)
    else:
        picture = read_picture(path)
        deep = picture.pixels.dtype == np.uint16
        pixels = (picture.pixels >> 8).astype(np.uint8) if deep else picture.pixels
        with tempfile.TemporaryDirectory() as folder:
            scratch = Path(folder) / "picture.png"
            write_picture(scratch, pixels)
            data, kind = scratch.read_bytes(), "png"
    return {"name": path.name, "url": _url(data, kind), "own": True}


def _demo(name: str) -> dict[str, Any]:
    return {"name": name, "url": _url((PHOTO.parent / f"{name}.jpg").read_bytes(), "jpeg")}


def _url(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def script(modules: tuple[str, ...] = MODULES) -> str:
    """The modules as one script: each becomes a function that gives what it exports.

    Modules within a page cannot import each other, and one opened from disk may not load files.
    """
    folder = resources.files(__package__) / "js"
    return "\n".join(_scope(name, (folder / f"{name}.js").read_text("utf-8")) for name in modules)


def _scope(name: str, text: str) -> str:
    exported = ", ".join(found.strip("{} ") for _, found in _EXPORT.findall(text))
    text = _EXPORT.sub(r"\1 \2", _IMPORT.sub(r"const \1 = \2_js;", text))
    return f"const {name}_js = (() => {{\n{text}\nreturn {{ {exported} }};\n}})();"


def tables() -> dict[str, Any]:
    """What the page has of this side, JSON-able: constants are computed once, here."""
    natural = natural_colours()
    return {
        "kinds": {
            name: {
                "summary": kind.summary,
                "parameters": {key: asdict(p) for key, p in kind.parameters.items()},
            }
            for name, kind in KINDS.items()
        },
        "families": {name: family.summary for name, family in FAMILIES.items()},
        "familyVersion": VERSION,
        "calibration": {"corrections": CORRECTIONS, "close": CLOSE},
        "drawNames": {
            name: [str(name_word(f"{name}/{attempt}")) for attempt in range(ATTEMPTS)]
            for name in FAMILIES
        },
        "colour": {
            "luminance": colorimetry.REC709_LUMINANCE.tolist(),
            "linearToRelative": (
                colorimetry.LINEAR_TO_XYZ / colorimetry.WHITE_D65[:, None]
            ).tolist(),
            "linearToLms": oklab.LINEAR_TO_LMS.tolist(),
            "lmsToOklab": oklab.LMS_TO_OKLAB.tolist(),
            "oklabToLms": oklab.OKLAB_TO_LMS.tolist(),
            "lmsToLinear": oklab.LMS_TO_LINEAR.tolist(),
        },
        "light": {
            "d65Mired": illuminant.D65_MIRED,
            "d65Duv": illuminant.D65_DUV,
            "bradford": illuminant.BRADFORD.tolist(),
            "linearToXyz": colorimetry.LINEAR_TO_XYZ.tolist(),
            "lamps": {name: lamp_matrix(name).tolist() for name in lamp_names()},
        },
        "natural": {
            "colours": natural.encoded.ravel().tolist(),
            "weights": natural.weights.tolist(),
        },
        "library": [
            packed(name, lut)
            for name in library.names()
            if isinstance(lut := library.load(name), Lut3D)
        ],
        "lint": {"programs": PROGRAMS, "traits": TRAITS},
        "chart": CHART.reshape(-1, 3).tolist(),
    }


def packed(name: str, lut: Lut3D) -> dict[str, Any]:
    """A cube as millionths, which is what its file holds: differences in three planes of bytes."""
    whole = np.rint(lut.table.astype(np.float64).ravel() * 1e6).astype(np.int64)
    steps = np.diff(whole, prepend=0) & 0xFFFFFF
    planes = np.concatenate([(steps >> shift) & 0xFF for shift in (0, 8, 16)]).astype(np.uint8)
    return {
        "name": name,
        "size": lut.size,
        "packed": base64.b64encode(zlib.compress(planes.tobytes(), 9)).decode(),
    }
