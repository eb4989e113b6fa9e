"""What a row of the results table is."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from luts.tool.errors import UserError

Kind = Literal["check", "classical", "oracle", "stored", "model", "external"]


class MethodError(UserError):
    """A method that does not exist, or cannot run as asked."""


@dataclass(frozen=True)
class Method:
    """One entry of METHODS. Cheap to make: what it names is imported when first used.

    `slow` rows belong to no group: they run only when asked for by name. `blend_of` names the
    global method whose result is blended with the input by the region map; the other fields are
    then that method's own. `weights` is the .safetensors file of a model's weights, "" for the
    shipped ones. `target` is "module:attribute" or "file.py:attribute"; what that is depends on
    `kind`:

    classical   function(encoded) -> encoded, both (H, W, 3) float32 in [0, 1]; region-aware ones
                take function(encoded, regions) with the (H, W) uint8 label image
    oracle      function(degraded, reference) -> encoded, pixel by pixel; sees the answer: a ceiling
    stored      function(degraded, lut or None) -> encoded; knows the LUT of the distortion
    model       function(**settings) -> torch.nn.Module (see benchmarks/methods/models/__init__.py)
    check       function(degraded, ideal) -> encoded; the Input and Reference rows
    external    nothing: its pictures were made elsewhere and lie in settings["folder"]
    """

    target: str
    kind: Kind
    summary: str
    paper: str = ""
    parameters: int = 0
    trained: bool = False
    region_aware: bool = False
    blend_of: str = ""
    slow: bool = False
    weights: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    def load(self) -> Any:
        """Import and return what stands behind the row."""
        return load_target(self.target)


def load_target(target: str) -> Any:
    """Import "module:attribute" or "file.py:attribute"; MethodError says what is not there."""
    module, _, attribute = target.rpartition(":")
    try:
        home = _from_file(Path(module)) if module.endswith(".py") else _imported(module)
    except (Exception, SystemExit) as error:  # whatever the file of somebody else does
        reason = next(iter(str(error).splitlines()), "")
        raise MethodError(f"{module}: {type(error).__name__}: {reason}"[:300]) from error
    found: Callable[..., Any] | None = getattr(home, attribute, None)
    if found is None:
        raise MethodError(f"{module}: has no {attribute!r}")
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
