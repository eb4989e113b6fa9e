"""Author, apply and measure colour distortions as 1D and 3D LUTs."""

import sys
from importlib import import_module
from types import ModuleType

_HOMES = {
    "Lut1D": "lut",
    "Lut3D": "lut",
    "LutFormatError": "lut",
    "ShapedLut": "lut",
    "apply": "apply",
    "identity": "lut",
    "random_lut": "families",
    "read_cube": "cube",
    "severity": "severity",
    "table_hash": "lut",
    "write_cube": "cube",
}

__all__ = list(_HOMES)


def __getattr__(name: str):
    """Import a public name when it is first used, so that `luts --help` stays instant."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


class _Package(ModuleType):
    """`luts.apply` is the function, even after `luts/apply.py` has been imported as a module."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
