"""Code from outside the project, by "module:attribute" or "file.py:attribute"."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from functools import cache
from pathlib import Path
from typing import Any

from luts.tool.errors import UserError


class OutsideError(UserError):
    """A file, module or attribute that cannot be imported."""


def load_target(target: str) -> Any:
    """Import "module:attribute" or "file.py:attribute"; OutsideError says what is not there."""
    module, _, attribute = target.rpartition(":")
    try:
        home = _from_file(Path(module)) if module.endswith(".py") else _imported(module)
    except (Exception, SystemExit) as error:  # whatever the file of somebody else does
        reason = next(iter(str(error).splitlines()), "")
        raise OutsideError(f"{module}: {type(error).__name__}: {reason}"[:300]) from error
    found = getattr(home, attribute, None)
    if found is None:
        raise OutsideError(f"{module}: has no {attribute!r}")
    return found


def _imported(module: str) -> Any:
    return importlib.import_module(module)


@cache
def _from_file(path: Path) -> Any:
    """Import a file under a name of its own; it may import its neighbours, as a script would."""
    path = path.resolve()
    if not path.is_file():
        raise FileNotFoundError("no such file")
    name = f"{path.stem}_{hashlib.blake2b(str(path).encode(), digest_size=6).hexdigest()}"
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError("not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # before it runs: dataclasses look themselves up
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
