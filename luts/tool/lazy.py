"""A package's front door: public names that are imported when they are first used."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Any


def front_door(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make the `__getattr__` and `__dir__` of a package, so that its `--help` stays instant.

    Parameters
    ----------
    package : its `__name__`
    homes : public name -> module below the package, "module:attribute" where the names differ
    """

    def getattr_(name: str) -> Any:
        if name == "__version__":
            return _version()
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, _, attribute = homes[name].partition(":")
        return getattr(import_module(f".{module}", package), attribute or name)

    return getattr_, lambda: sorted([*homes, "__version__"])


def _version() -> str:
    try:
        return version("tonebench")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "0+unknown"


class _CallablePackage(ModuleType):
    """A package named after the one thing it does; calling it does that."""

    _target: str

    def __call__(self, *args: Any, **settings: Any) -> Any:
        module, _, name = self._target.partition(":")
        return getattr(import_module(f".{module}", self.__name__), name)(*args, **settings)


def callable_package(package: str, target: str) -> None:
    """Let a sub-package be called like the function that the front door shows under its name.

    Importing `datagen.develop.series` binds `datagen.develop` to the sub-package, whatever the
    front door said before; this way both are the same to a caller.

    Parameters
    ----------
    package : its `__name__`
    target : "module:function" below it
    """
    module = sys.modules[package]
    module.__class__ = _CallablePackage
    setattr(module, "_target", target)  # noqa: B010 - a module has no such attribute
