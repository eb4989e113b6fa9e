"""Adding one thing touches two files, its own and its table; commands, tests and pages take it up.

Each is added to a copy of the project, and the copy is asked for it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("luts", "datagen", "benchmarks")
LARGE = ("__pycache__", "*.safetensors", "*.dng", "*.png", "*.jpg")  # no use below needs them

FAMILY = '''"""Vibrance: muted colours gain more saturation than vivid ones."""

from __future__ import annotations

import numpy as np

from .family import Family, Parameters


def draw(rng: np.random.Generator) -> Parameters:
    """A gain of 0.5 to 2."""
    return {"gain": float(rng.uniform(0.5, 2))}


def apply(encoded: np.ndarray, parameters: Parameters, strength: float = 1.0) -> np.ndarray:
    """Move colours away from their grey, the more the closer they are to it."""
    grey = encoded.mean(axis=-1, keepdims=True)
    return encoded + strength * parameters["gain"] * (encoded - grey) * (1 - np.abs(encoded - grey))


def limit(_: Parameters) -> float:
    """Twice as drawn."""
    return 2.0


VIBRANCE = Family(draw, apply, limit, "muted colours gain saturation", 4.0, "S", "gain")
'''

METRIC = '''"""Mean absolute difference."""

from .metric import Metric, weighted_mean


def mae(comparison, weight):
    """Mean absolute difference of encoded values."""
    step = abs(comparison.estimate.encoded - comparison.reference.encoded)
    return weighted_mean(step.mean(2), weight)


MAE = Metric(
    name="mae", label="MAE", convention="rgb,[0,1]", unit="", higher_is_better=False, function=mae,
    summary="mean absolute difference", definition="mean |d|", span="0 to 1", source="a textbook",
)
'''
MODEL = '''"""A residual 1 x 1 net."""

from torch import nn

from ..output import Output, network_input


class Residual(nn.Module):
    """One convolution."""

    def __init__(self, *, mask_channels: int = 0):
        super().__init__()
        self.mix, self.mask_channels = nn.Conv2d(3 + mask_channels, 3, 1), mask_channels

    def forward(self, images, regions=None):
        return Output(images + self.mix(network_input(images, regions, self.mask_channels)))
'''

METHOD = '''"""A curve with a shoulder and a toe."""

import numpy as np

from .image import checked


def sigmoid(encoded: np.ndarray) -> np.ndarray:
    """Smoothstep of R, G and B."""
    x = checked(encoded)
    return x * x * (3 - 2 * x)
'''

SOURCE = '''"""Mine: low/ beside high/, files paired by name."""

from __future__ import annotations

from pathlib import Path

from ..recipe.load import RecipeError
from ..recipe.settings import Source
from .paired import pair_up
from .scene import Scene


def read_mine(source: Source, folder: Path) -> list[Scene]:
    """The pairs in the order of their names."""
    if not (folder / "low").is_dir():
        raise RecipeError(f"{folder}: is not laid out as mine: no folder low")
    return pair_up(source, folder, "low", {"high": "high"})
'''


@dataclass(frozen=True)
class Thing:
    """What is added, and how it is used.

    file, text : the new file
    table : where it is listed; in it, each of `lines` goes before the line it stands with
    use : Python, run in the copy; what it prints must hold `shows`
    checked : arguments of pytest, the tests over the table that must take the thing up
    row : how the pages name it
    """

    file: str
    text: str
    table: str
    lines: tuple[tuple[str, str], ...]
    use: str
    shows: tuple[str, ...]
    checked: tuple[str, ...]
    row: str


LUTS = """
from luts.cli import main
main(["list", "families"])
main(["random", "vibrance", "--severity", "3", "--seed", "1", "-o", "v.cube"])
main(["info", "v.cube"])
"""
READ = """
import numpy, datagen
from pathlib import Path
from datagen.cli import main
from datagen.images.files import write_image
for name in ("low/a.png", "low/b.png", "high/a.png", "high/b.png"):
    Path("pictures", name).parent.mkdir(parents=True, exist_ok=True)
    write_image(Path("pictures", name), numpy.full((64, 64, 3), 90, numpy.uint8))
Path("r.toml").write_text(
    'name = "r"\\n[source]\\nkind = "mine"\\nfolder = "pictures"\\nreferences = ["all"]\\n'
)
main(["plan", "r.toml", "--list"])
"""
SCORE = """
import numpy
from benchmarks.metrics import METRICS, score_regions
one = numpy.full((16, 16, 3), 0.5, numpy.float32)
print("%.3f" % METRICS["mae"](one + numpy.float32(0.125), one))
print(score_regions(one, one, one, numpy.full((16, 16), 2, numpy.uint8), names=["mae"]))
"""
FORWARD = """
import torch
from benchmarks.cli import main
from benchmarks.methods.models import build
for name in ("residual", "residual+concat"):
    print(name, tuple(build(name)(torch.rand(1, 3, 20, 30)).image.shape))
main(["list", "residual"])
"""
CORRECT = """
import numpy, benchmarks
from benchmarks.cli import main
picture = numpy.full((8, 8, 3), 0.25, numpy.float32)
print("%.5f" % benchmarks.method("sigmoid")(picture).max())
main(["list", "sigmoid"])
"""
CARD = """    "residual": Card(
        "residual:Residual", "one convolution", parameters=12, local={"concat": 18}
    ),
"""

THINGS = {
    "LUT family": Thing(
        "luts/families/vibrance.py",
        FAMILY,
        "luts/families/table.py",
        (
            ("from .warp import", "from .vibrance import VIBRANCE\n"),
            ('    "warp": WARP', '    "vibrance": VIBRANCE,\n'),
        ),
        LUTS,
        ("muted colours gain saturation", "3.0", "cube of 33"),
        ("tests/test_luts_families.py", "-k", "vibrance"),
        "| `vibrance` | muted colours gain saturation | S | gain |",
    ),
    "source": Thing(
        "datagen/sources/mine.py",
        SOURCE,
        "datagen/sources/__init__.py",
        (('    "msec": "msec', '    "mine": "mine:read_mine",\n'),),
        READ,
        ("2 scenes",),
        ("tests/test_datagen_sources.py", "-k", "empty and mine"),
        "| `mine` | Mine: low/ beside high/, files paired by name. |",
    ),
    "metric": Thing(
        "benchmarks/metrics/mae.py",
        METRIC,
        "benchmarks/metrics/__init__.py",
        (("from .metric import", "from .mae import MAE\n"), ("        PSNR,", "        MAE,\n")),
        SCORE,
        ("0.125", "mae@1(rgb,[0,1])[A]"),
        ("tests/test_benchmarks_metrics.py", "-k", "mae"),
        "| `mae` | ↓ |",
    ),
    "model": Thing(
        "benchmarks/methods/models/networks/residual.py",
        MODEL,
        "benchmarks/methods/models/cards.py",
        (('    "zero_dce": Card', CARD),),
        FORWARD,
        ("residual (1, 3, 20, 30)", "residual+concat (1, 3, 20, 30)", "one convolution"),
        ("tests/test_benchmarks_models.py", "-k", "residual"),
        "| `residual` | 12 |",
    ),
    "classical method": Thing(
        "benchmarks/methods/classical/sigmoid.py",
        METHOD,
        "benchmarks/methods/classical/__init__.py",
        (
            (
                '    "gamma": _classical',
                '    "sigmoid": _classical("sigmoid:sigmoid", "S [RGB]", ""),\n',
            ),
        ),
        CORRECT,
        ("0.15625", "S [RGB]"),
        ("tests/test_benchmarks_classical.py", "-k", "sigmoid"),
        "| `sigmoid` | S [RGB] |",
    ),
}


@pytest.fixture(params=THINGS)
def added(request, tmp_path) -> tuple[Thing, Path]:
    """A copy of the project with one thing more; no other file of it has changed."""
    thing, copy = THINGS[request.param], tmp_path / "project"
    for name in PACKAGES:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns(*LARGE))
    before = contents(copy)
    (copy / thing.file).write_text(thing.text)
    table = (copy / thing.table).read_text()
    for beside, line in thing.lines:
        assert table.count(f"\n{beside}") == 1, beside
        table = table.replace(f"\n{beside}", f"\n{line}{beside}")
    (copy / thing.table).write_text(table)
    now = contents(copy)
    assert before.keys() <= now.keys()
    assert {path for path in now if now[path] != before.get(path)} == {thing.file, thing.table}
    return thing, copy


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def python(copy: Path, *words: str) -> str:
    """What Python prints in a copy, which comes before the project as it is installed."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_one_file_and_its_table_are_enough_to_use_it(added):
    thing, copy = added
    printed = python(copy, "-c", thing.use)
    assert [text for text in thing.shows if text not in printed] == [], printed


@pytest.mark.slow
def test_the_tests_over_its_table_and_the_pages_take_it_up(added):
    thing, copy = added
    for name in ("tests", "docs"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns(*LARGE))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, copy)
    for raw in (ROOT / "datagen" / "samples").glob("*.dng"):
        shutil.copy(raw, copy / "datagen" / "samples")
    passed = python(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", *thing.checked)
    assert " passed" in passed
    python(copy, "-m", "docs.tables")
    assert any(f"\n{thing.row}" in page.read_text() for page in (copy / "docs").glob("*.md"))
