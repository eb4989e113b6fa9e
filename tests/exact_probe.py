"""Print a hash of what every stage of a build makes: `python -m tests.exact_probe [FOLDER]`.

Run on two machines, or under two settings of one, the lines must be the same. Nothing here takes
its input from a function that may differ: sources are whole numbers or embedded samples.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

SAMPLES = Path(__file__).parent.parent / "datagen" / "samples"


def main() -> None:
    folder = sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()
    print(json.dumps(dict(hashes(Path(folder))), indent=1))


def hashes(folder: Path) -> Iterator[tuple[str, str]]:
    """Name and SHA-256 of every stage; works in an empty folder."""
    for stage in (_arithmetic, _development, _sizes, _distortions, _looks, _regions, _references):
        for name, made in stage():
            yield f"{stage.__name__[1:]}: {name}", _hash(made)
    yield "build: data set", _built(folder)


def _hash(made: object) -> str:
    if isinstance(made, np.ndarray):
        made = np.ascontiguousarray(made).tobytes()
    return hashlib.sha256(made if isinstance(made, bytes) else repr(made).encode()).hexdigest()[:16]


def _picture(height: int = 90, width: int = 130, bits: int = 8) -> np.ndarray:
    """Codes without any arithmetic that could differ: a smooth pattern and steps."""
    y, x, c = np.ogrid[:height, :width, :3]
    pattern = (x * (7 + c) + y * (5 - c) + (x * y) // 31) * 2 ** (bits - 8)
    return (pattern % 2**bits).astype(np.uint8 if bits == 8 else np.uint16)


def _arithmetic() -> Iterator[tuple[str, object]]:
    from luts.colour.colorimetry import delta_e_2000, encoded_to_lab
    from luts.colour.oklab import encoded_to_oklab
    from luts.tool import exact

    x = np.arange(1, 20001) / 4096
    for function in (exact.cbrt, exact.log, exact.exp, exact.exp2, exact.sin, exact.cos):
        yield function.__name__, function(x)
    yield "arctan2", exact.arctan2(x - 2, x[::-1] - 3)
    colours = _picture() / 255
    yield "Lab", encoded_to_lab(colours)
    yield "OKLab", encoded_to_oklab(colours)
    lab = encoded_to_lab(colours)
    yield "CIEDE2000", delta_e_2000(lab, lab[::-1, ::-1])


def _development() -> Iterator[tuple[str, object]]:
    from datagen.develop.series import develop, linear
    from datagen.raw.demosaic import LIBRAW, bilinear, malvar
    from datagen.raw.noise import measure_profile
    from datagen.raw.read import read_raw

    evs = (-1.5, 0.3, 1.0)
    for kind in ("CRW", "dng"):
        path = min(SAMPLES.glob(f"*.{kind}"))
        name, photo = path.name, read_raw(path)
        yield f"{name} linear", linear(photo, 96)
        for ev in evs:
            yield f"{name} at {ev}", develop(photo, ev, 96)
        yield f"{name} 16 bit", develop(photo, 0.7, 80, 16)
        yield f"{name} filmic", develop(photo, 0.7, 80, tone="filmic")
        yield f"{name} rebuilt", develop(photo, 0.0, 80, highlights="rebuild")
        for noise in ("rgb", "mosaic"):
            rng = np.random.default_rng(3)
            yield f"{name} {noise} noise", develop(photo, -1.2, 80, noise=noise, rng=rng)
        yield f"{name} noise profile", measure_profile(photo)
    for algorithm in LIBRAW:
        yield f"full size, {algorithm}", develop(photo, 0.5, None, demosaic=algorithm)
    left, top, *_ = photo.crop
    small = replace(photo, mosaic=photo.mosaic[:128, :192].copy(), crop=(left, top, 120, 100))
    for algorithm in ("malvar", "bilinear"):
        yield f"full size, {algorithm}", develop(small, 0.5, None, demosaic=algorithm)
    light = np.float32(_picture()[..., 0]) / np.float32(255)
    yield "malvar", malvar(light, photo.pattern)
    yield "bilinear", bilinear(light, np.arange(36).reshape(6, 6) % 3)


def _sizes() -> Iterator[tuple[str, object]]:
    from datagen.images.resample import resize
    from datagen.sources.picture_hash import picture_hash

    values = np.float32(_picture(97, 131)) / np.float32(255)
    for size in ((41, 60), (97, 130), (7, 9), (150, 100)):
        yield f"to {size}", resize(values, size)
    yield "cubic", resize(values, (120, 160), enlarge="cubic")
    yield "picture hash", picture_hash(values)


def _distortions() -> Iterator[tuple[str, object]]:
    import luts
    from datagen.build.distort import image_severity
    from luts import families, library
    from luts.measure import severity

    colours = _picture() / 255
    for name in families.FAMILIES:
        member = families.draw(name, seed=5, severity=4.0)
        yield f"{name} record", member.record()
        yield f"{name} table", member.bake(9).table
        applied = member.apply(np.float32(colours))
        yield f"{name} applied", applied
        yield f"{name} severity", image_severity(applied, np.float32(colours))
    lut = library.load("tungsten")
    yield "LUT, 8 bit", luts.apply(lut, _picture(), exact=True)
    yield "LUT, 16 bit", luts.apply(lut, _picture(bits=16), exact=True)
    yield "LUT, float", luts.apply(lut, np.float32(colours), exact=True)
    yield "LUT severity", severity(lut).record()


def _looks() -> Iterator[tuple[str, object]]:
    from luts.look import KINDS, Look
    from tests.looks import layer

    colours = _picture() / 255
    for kind in KINDS:
        yield kind, Look((layer(kind),)).exact(colours)


def _regions() -> Iterator[tuple[str, object]]:
    from datagen.regions.geometry import Guide
    from datagen.regions.labels import alpha
    from datagen.regions.shapes import SHAPES

    matte = np.float32(_picture(96, 144)[..., 0]) / np.float32(255)
    for name, shape in SHAPES.items():
        drawn = shape().draw((96, 144), np.random.default_rng(9), Guide(matte, (0.4, 0.6)))
        yield name, drawn.regions
        yield f"{name} weight", alpha(drawn.regions)


def _references() -> Iterator[tuple[str, object]]:
    from datagen.develop.auto_exposure import auto_exposure
    from datagen.references.fusion import fusion

    light = np.float32(_picture()) / np.float32(200)
    yield "fusion", fusion(light)
    yield "auto exposure", auto_exposure(light)


RECIPE = """
name = "probe"
[source]
folder = "{folder}"
references = ["all", "auto"]
[render]
evs = [-1.5, 0.0, 1.0]
long_edge = 48
[[distort]]
families = ["illuminant", "film", "oklch", "warp"]
library = ["tungsten"]
pool = 4
stack = 2
shared = true
lut_size = 9
[[mask]]
kind = "segmentation"
share = 2.0
[[mask]]
kind = "ellipse"
[split]
train = 1.0
val = 0.0
test = 0.0
"""


def _built(folder: Path) -> str:
    """The hash of a small set of pictures, with references and a matte at other sizes."""
    from datagen.build.driver import Resources, build
    from datagen.images.files import write_image
    from datagen.recipe.load import load_recipe

    write_image(folder / "in" / "one.png", _picture())
    write_image(folder / "in" / "two.png", _picture(130, 90, bits=16))
    write_image(folder / "in" / "references" / "c" / "one.png", _picture(180, 260))
    write_image(folder / "in" / "references" / "c" / "two.png", _picture(30, 21))
    write_image(folder / "in" / "masks" / "one.png", _picture()[..., 1])
    (folder / "r.toml").write_text(RECIPE.format(folder=(folder / "in").as_posix()))
    build(load_recipe(folder / "r.toml"), folder / "set", Resources("serial", 1))
    return json.loads((folder / "set" / "dataset.json").read_text())["hash"][:16]


Stage = Callable[[], Iterator[tuple[str, object]]]

if __name__ == "__main__":
    main()
