"""The wheel holds exactly the three packages and the data files git knows in them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("benchmarks", "datagen", "luts")
MAKERS = "luts/make/"  # for us, not for users: out of the wheel


def tracked() -> set[str]:
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("compares the wheel with what git tracks")
    listed = subprocess.run(
        ["git", "ls-files", "-z", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=True
    )
    makers = {name for name in listed.stdout.split("\0") if name.startswith(MAKERS)}
    return set(listed.stdout.split("\0")) - {""} - makers


def test_the_wheel_holds_exactly_our_packages_and_their_data(tmp_path):
    files = tracked()
    # A copy, so that neither a leftover build/ nor an untracked file can slip in or be left behind.
    for name in [*files, "pyproject.toml", "README.md", "LICENSE"]:
        target = tmp_path / "source" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    (tmp_path / "source" / "luts_old").mkdir()
    (tmp_path / "source" / "luts_old" / "__init__.py").touch()
    pip_wheel = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [*pip_wheel, "-w", str(tmp_path / "wheel"), str(tmp_path / "source")],
        check=True,
        capture_output=True,
    )
    (wheel,) = (tmp_path / "wheel").glob("tonebench-*.whl")
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert inside == files
