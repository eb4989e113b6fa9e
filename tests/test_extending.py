"""Adding one thing touches two files: its own and the table it stands in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

VIBRANCE = '''"""Vibrance: muted colours gain more saturation than vivid ones."""

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


VIBRANCE = Family(draw, apply, limit, "muted colours gain saturation", reaches=4.0)
'''


def test_a_lut_family_is_one_file_and_one_line_in_its_table(tmp_path):
    copy = tmp_path / "project"
    shutil.copytree(ROOT / "luts", copy / "luts", ignore=shutil.ignore_patterns("__pycache__"))
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    families = copy / "luts" / "families"
    (families / "vibrance.py").write_text(VIBRANCE)
    table = (families / "table.py").read_text()
    entry = "from .vibrance import VIBRANCE\n", '    "vibrance": VIBRANCE,\n'
    for line, after in zip(entry, ("import TONE\n", '"warp": WARP,\n'), strict=True):
        table = table.replace(after, after + line)
    (families / "table.py").write_text(table)
    now = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    touched = [path.name for path in now if before.get(path) != now[path]]
    assert sorted(touched) == ["table.py", "vibrance.py"]

    def luts(*words):
        done = subprocess.run(
            [sys.executable, "-m", "luts", *map(str, words)],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    out = tmp_path / "v.cube"
    assert "muted colours gain saturation" in luts("list", "families")
    assert "3.0" in luts("random", "vibrance", "--severity", "3", "--seed", "1", "-o", out)
    assert "cube of 33" in luts("info", out)
