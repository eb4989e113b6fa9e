"""Code from outside the project: "module:attribute", "file.py:attribute", or a package's offer.

Importing it runs it. So it is named by the user, on the command line or by installing a package,
and never by a file that is read: see `named`.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from .errors import EndedError, UserError
from .gate import plain_name
from .isolation import isolated

SPEC = re.compile(r"(?P<home>[^=:@]+):(?P<attribute>\w+)")
# What a package may offer by entry points, and under which group.
METHODS, METRICS = "tonebench.methods", "tonebench.metrics"
FAMILIES, SOURCES = "tonebench.families", "tonebench.sources"
OURS = ("luts", "datagen", "benchmarks")


class OutsideError(UserError):
    """A file, module or attribute that cannot be imported, or may not be."""


def is_outside(name: str) -> bool:
    """Whether a name says where code is found: "file.py:attribute" or "module:attribute"."""
    return SPEC.fullmatch(name) is not None


def load_target(target: str) -> Any:
    """Import "module:attribute" or "file.py:attribute"; OutsideError says what is not there."""
    module, _, attribute = target.rpartition(":")
    try:
        home = _from_file(Path(module)) if module.endswith(".py") else _imported(module)
    except EndedError:
        raise
    except (Exception, SystemExit) as error:  # whatever the file of somebody else does
        reason = next(iter(str(error).splitlines()), "")
        raise OutsideError(f"{module}: {type(error).__name__}: {reason}"[:300]) from error
    found = getattr(home, attribute, None)
    if found is None:
        raise OutsideError(f"{module}: has no {attribute!r}")
    return found


def offered(group: str) -> dict[str, str]:
    """What installed packages offer under a group: name -> "module:attribute"; nothing is imported.

    A name that cannot be one is left out, with a line on stderr.
    """
    found = {}
    for point in entry_points(group=group):
        try:
            found[plain_name(point.name)] = point.value
        except ValueError as error:
            print(f"entry point of {group}: name {error}", file=sys.stderr)
    return found


def named(spec: str, code: Sequence[str], where: str) -> str:
    """The code that a file asks for, where the user has named it too.

    Parameters
    ----------
    spec : "my.py:attribute" or "module:attribute", as a stranger's file has it
    code : what the user named: "folder/my.py", "module", or either with ":attribute"
    where : of the spec, for the message

    Returns
    -------
    "file.py:attribute" with the absolute path that the user gave, whatever folder `spec` names; or
    "module:attribute". Raises OutsideError when the user did not name it.
    """
    match = SPEC.fullmatch(spec)
    if match is None:
        raise OutsideError(f"{where}: {spec!r}: must look like my.py:name or module:name")
    home, attribute = match["home"], match["attribute"]
    wanted = Path(home).name if home.endswith(".py") else home
    for word in code:
        place, _, only = word.partition(":")
        file = place.endswith(".py")
        if (Path(place).name if file else place) == wanted and only in ("", attribute):
            return f"{Path(place).resolve() if file else place}:{attribute}"
    raise OutsideError(f"{where}: {spec} is code, which runs only where you name it: --code {home}")


def short(spec: str) -> str:
    """A spec without the folder of its file, as data sets record it; any other name as it is."""
    match = SPEC.fullmatch(spec)
    if match is None or not match["home"].endswith(".py"):
        return spec
    return f"{Path(match['home']).name}:{match['attribute']}"


def code_digest(spec: str) -> str:
    """SHA-256 of the file that a spec names; of the spec itself for a module."""
    home = spec.rpartition(":")[0]
    data = Path(home).read_bytes() if home.endswith(".py") else spec.encode()
    return hashlib.sha256(data).hexdigest()


def _imported(module: str) -> Any:
    return importlib.import_module(module)


@dataclass
class Home:
    """The folder of a file of code, with what the code has imported from there."""

    paths: list[str]  # itself, and what the code added to sys.path
    modules: dict[str, ModuleType] = field(default_factory=dict)

    def holds(self, module: ModuleType | None) -> bool:
        """Whether a top-level module lies directly in one of the paths."""
        places = list(getattr(module, "__path__", ()))  # of a package
        place = places[0] if places else getattr(module, "__file__", None) or ""
        return str(Path(place).parent) in self.paths if place else False


@cache
def _home(folder: Path) -> Home:
    return Home([str(folder)])


@contextmanager
def beside(target: str) -> Iterator[None]:
    """Let the code of "file.py:attribute" find what lies beside it, as a script does.

    Two folders may both have a `utils.py`: what one imports from its own is hidden from the other.
    Nothing is done for "module:attribute".
    """
    file = target.rpartition(":")[0] or target
    if not file.endswith(".py"):
        yield
        return
    home = _home(Path(file).resolve().parent)
    path, known = sys.path[:], set(sys.modules)
    hidden = {name: sys.modules[name] for name in home.modules if name in sys.modules}
    sys.modules.update(home.modules)
    sys.path[:0] = home.paths
    try:
        yield
    finally:
        home.paths += [p for p in map(str, sys.path) if p not in path and p not in home.paths]
        for name in sys.modules.keys() - known - home.modules.keys():
            top = name.partition(".")[0]
            if top not in OURS and home.holds(sys.modules.get(top)):
                home.modules[name] = sys.modules[name]
        for name in home.modules:
            sys.modules.pop(name, None)
        sys.modules.update(hidden)
        sys.path[:] = path


@cache
def _from_file(path: Path) -> Any:
    """Import a file under a name of its own; it may import its neighbours, as a script would."""
    path = path.resolve()
    if not path.is_file():
        raise FileNotFoundError("no such file")
    name = f"{path.stem}_{hashlib.blake2b(str(path).encode(), digest_size=6).hexdigest()}"
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))  # for what is imported late, outside of `beside`
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError("not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # before it runs: dataclasses look themselves up
    try:
        with isolated("import", path.name), beside(str(path)):
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
