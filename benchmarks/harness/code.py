"""The code that a method's numbers depend on: its file and all that it imports of this project."""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = ("benchmarks", "datagen", "luts")
# Tables of rows: they name the files that hold the code, and change whenever a row is added.
TABLES = (
    "benchmarks.methods",
    "benchmarks.methods.method",
    "benchmarks.methods.models",
    "benchmarks.methods.models.card",
    "benchmarks.methods.models.cards",
    "benchmarks.methods.models.trained.checkpoints",
    "benchmarks.methods.classical",
    "benchmarks.methods.oracles",
    "benchmarks.methods.outside",
)


@cache
def code_hash(module: str) -> str:
    """Hash a module, or a file, with every file of the project and beside it that it imports."""
    if not module:
        return ""
    todo, seen = [module], dict[str, str]()
    while todo:
        name = todo.pop()
        if name in seen or name in TABLES:
            continue
        path = _path(name)
        if path is None:
            continue
        seen[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        todo += _imports(path, name)
    text = "".join(f"{Path(name).name}{digest}" for name, digest in sorted(seen.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def _path(name: str) -> Path | None:
    if name.endswith(".py"):
        return Path(name).resolve() if Path(name).is_file() else None
    if name.partition(".")[0] in OURS:  # without importing it: some import torch
        path = ROOT.joinpath(*name.split("."))
        found = (path.with_suffix(".py"), path / "__init__.py")
        return next((file for file in found if file.is_file()), None)
    try:
        spec = find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return None
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None


@cache
def _imports(path: Path, name: str) -> tuple[str, ...]:
    """What a file imports of this project, or of the folder it is in."""
    try:
        tree = ast.parse(path.read_text("utf-8"))
    except (SyntaxError, ValueError):
        return ()
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level and not name.endswith(".py"):
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([base] if base else [])])
            found += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    ours = [word for word in found if word.partition(".")[0] in OURS]
    if name.endswith(".py"):
        beside = (path.parent / f"{word.partition('.')[0]}.py" for word in found)
        ours += [str(file) for file in beside if file.is_file()]
    return tuple(dict.fromkeys(ours))
