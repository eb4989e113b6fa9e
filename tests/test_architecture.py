"""The shape of the project: who may import whom, and where heavy libraries may appear."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = {"luts": set(), "datagen": {"luts"}, "benchmarks": {"datagen", "luts"}}
# library -> the only places that may import it (a folder stands for everything in it)
HOMES = {
    "rawpy": {
        "datagen/raw/read.py",
        "datagen/raw/libraw.py",
        "datagen/verbs/doctor.py",
        "tests/speed",
    },
    "torch": {
        "luts/torch",
        "datagen/develop/on_gpu.py",
        "datagen/references",
        "datagen/regions/blend_torch.py",
        "datagen/streaming",
        "benchmarks",
    },
}
# The folders of a package or folder, floor by floor from the top: each may import those below it,
# and none beside or above it. "" stands for the files of the folder itself, but for a package's
# front door and command line, which may import anything.
FLOORS: dict[str, list[set[str]]] = {
    "luts": [
        {"commands", "make", "verbs"},
        {"studio"},
        {"look"},
        {"families"},
        {"library"},
        {"formats"},
        {"plate"},
        {"cube", "pictures", "torch"},
        {""},
        {"colour"},
        {"data", "tool"},
    ],
    "datagen": [
        {"commands"},
        {"streaming"},
        {"build", "verbs"},
        {"dataset"},
        {"sources"},
        {"camera", "recipe"},
        {"references"},
        {"develop"},
        {"raw"},
        {"engines", "images", "regions"},
    ],
    "benchmarks": [
        {"commands"},
        {"cost"},
        {"report"},
        {"conformance", "harness", "training"},
        {"methods"},
        {"metrics"},
        {""},
    ],
    "benchmarks/methods/models": [
        {"published"},
        {"local"},
        {"networks"},
        {"trained"},
        {"parts"},
        {""},
    ],
}
DOORS = {"__init__", "__main__", "cli", "front"}


def arrows(folder: str) -> set[tuple[str, str]]:
    """(from, to) for every import, anywhere in the code, from one folder below to another."""
    found = set()
    above = tuple(folder.split("/"))
    for path in sources(folder):
        *place, name = path.relative_to(ROOT / folder).with_suffix("").parts
        if folder in ALLOWED and not place and name in DOORS:
            continue
        here = place[0] if place else ""
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            for parts in _imported_parts(node, (*above, *place)):
                inside = parts[len(above) :]
                first = inside[0] if inside else ""
                there = first if (ROOT / folder / first).is_dir() else ""
                if parts[: len(above)] == above and inside and there != here:
                    found.add((here, there))
    return found


def _imported_parts(node: ast.AST, place: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The modules a statement imports, as parts of their full names."""
    if isinstance(node, ast.Import):
        return [tuple(alias.name.split(".")) for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = place[: len(place) - node.level + 1] if node.level else ()
    module = (*base, *(node.module.split(".") if node.module else ()))
    if len(module) > 1:
        return [module]
    return [(*module, alias.name) for alias in node.names]


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


@pytest.mark.parametrize("whole", FLOORS)
def test_no_arrow_runs_back_up(whole):
    floor_of = {folder: at for at, floor in enumerate(FLOORS[whole]) for folder in floor}
    folders = {path.parent.name for path in (ROOT / whole).glob("*/__init__.py")}
    assert folders | {""} == floor_of.keys() | {""}, "every folder has a floor"
    up = {
        (f"{whole}/{here}".rstrip("/"), f"{whole}/{there}".rstrip("/"))
        for here, there in arrows(whole)
        if floor_of[there] <= floor_of[here]
    }
    assert not up


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


def test_the_page_lists_every_folder():
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    listed = {
        name.rstrip("/") for name in re.findall(r"`((?:luts|datagen|benchmarks)/\w*/?)`", page)
    }
    there = {
        path.parent.relative_to(ROOT).as_posix()
        for package in ALLOWED
        for path in (ROOT / package).glob("*/*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert listed - {*ALLOWED} == there - {*ALLOWED}
