"""The tables of the pages are those of the code; a thing is added in one file and one entry."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from docs.tables import DOCS, MARKED, TABLES, renewed

ROOT = DOCS.parent


def test_every_page_has_its_tables_as_the_code_has_them():
    found = []
    for path in DOCS.glob("*.md"):
        text = path.read_text("utf-8")
        found += [match["name"] for match in MARKED.finditer(text)]
        assert renewed(text) == text, f"{path.name}: run `make docs`"
    assert sorted(found) == sorted(TABLES)


METRIC = '''
"""Mean absolute difference."""

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
MODEL = '''
"""A residual 1 x 1 net."""

from torch import nn

from .output import Output, network_input


class Residual(nn.Module):
    """One convolution."""

    def __init__(self, *, mask_channels: int = 0):
        super().__init__()
        self.mix, self.mask_channels = nn.Conv2d(3 + mask_channels, 3, 1), mask_channels

    def forward(self, images, regions=None):
        return Output(images + self.mix(network_input(images, regions, self.mask_channels)))
'''
CARD = """    "residual": Card(
        "residual:Residual", "one convolution", parameters=12, local={"concat": 18}
    ),
"""
# kind -> (new file, its text, table it goes into, line before which, entry, tests over the table)
THINGS = {
    "metric": (
        "benchmarks/metrics/mae.py", METRIC,
        "benchmarks/metrics/__init__.py", "        PSNR,\n", "        MAE,\n",
        ["tests/test_benchmarks_report.py", "-k", "every_metric_has_a_name"],
    ),
    "model": (
        "benchmarks/methods/models/residual.py", MODEL,
        "benchmarks/methods/models/cards.py", '    "zero_dce": Card(\n', CARD,
        ["tests/test_benchmarks_models.py", "-k", "residual"],
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kind", THINGS)
def test_one_thing_is_one_file_and_one_entry(kind, tmp_path):
    """Added to a copy, it passes the tests over its table, and `make docs` writes its row."""
    new, text, home, before, line, tests = THINGS[kind]
    copied = ("benchmarks", "datagen", "luts", "tests", "docs", "pyproject.toml")
    for name in copied:
        source = ROOT / name
        ignored = shutil.ignore_patterns("__pycache__", "images")
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / name, **({"ignore": ignored} if source.is_dir() else {}))
    (tmp_path / new).write_text(text.lstrip())
    table = (tmp_path / home).read_text()
    assert table.count(before) == 1
    table = table.replace(before, line + before)
    if kind == "metric":
        table = table.replace(
            "from .loe import LOE\n", "from .loe import LOE\nfrom .mae import MAE\n"
        )
    (tmp_path / home).write_text(table)
    touched = [path for path in changed(tmp_path) if "__pycache__" not in path]
    assert touched == sorted([new, home])
    environment = {"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"}
    python = {"cwd": tmp_path, "env": environment, "check": True}
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests], **python
    )
    subprocess.run([sys.executable, "-m", "docs.tables"], **python)
    name = {"metric": "`mae`", "model": "`residual`"}[kind]
    assert any(name in path.read_text() for path in (tmp_path / "docs").glob("*.md"))


def changed(copy: Path) -> list[str]:
    """Files of a copy that the original has not, or has otherwise."""
    found = []
    for package in ("benchmarks", "datagen", "luts", "docs"):
        for path in (copy / package).rglob("*"):
            name = path.relative_to(copy).as_posix()
            original = ROOT / name
            same = original.is_file() and original.read_bytes() == path.read_bytes()
            if path.is_file() and not same:
                found.append(name)
    return sorted(found)
