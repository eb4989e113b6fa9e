"""The shape of the project: who may import whom, and where heavy libraries may appear."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = {"luts": set(), "datagen": {"luts"}, "benchmarks": {"datagen", "luts"}}
# library -> the only places that may import it (a folder stands for everything in it)
HOMES = {
    "rawpy": {"datagen/raw/read.py", "datagen/verbs/doctor.py", "tests/speed"},
    "torch": {
        "luts/torch",
        "datagen/develop/on_gpu.py",
        "datagen/references",
        "datagen/regions/blend_torch.py",
        "datagen/streaming",
        "benchmarks",
    },
}


def imported(path: Path) -> set[str]:
    """Top-level names a file imports absolutely, at any depth of the code."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").partition(".")[0])
    return names


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_point_downwards(package):
    for path in sources(package):
        ours = imported(path) & ALLOWED.keys()
        assert ours <= ALLOWED[package] | {package}, f"{path.relative_to(ROOT)} imports {ours}"


@pytest.mark.parametrize("library", HOMES)
def test_heavy_libraries_stay_in_their_homes(library):
    for package in ALLOWED:
        for path in sources(package):
            name = path.relative_to(ROOT).as_posix()
            at_home = any(name == home or name.startswith(f"{home}/") for home in HOMES[library])
            assert at_home or library not in imported(path), f"{name} imports {library}"


@pytest.mark.parametrize("package", ALLOWED)
def test_help_imports_nothing_heavy(package):
    """--help stays instant because the command line imports neither torch nor colour nor numpy."""
    code = (
        f"import sys, {package}.cli as cli; cli.main(['--help']);"
        "print([m for m in ('torch', 'colour', 'numpy', 'rawpy', 'pandas') if m in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert shown.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("package", ALLOWED)
def test_every_verb_has_help_with_a_working_name(package, capsys):
    import importlib

    cli = importlib.import_module(f"{package}.cli")
    assert cli.VERBS
    for verb in cli.VERBS:
        assert cli.main([verb, "--help"]) == 0
        shown = capsys.readouterr().out
        assert f"example:\n  {package} {verb}" in shown, f"{package} {verb} --help has no example"
