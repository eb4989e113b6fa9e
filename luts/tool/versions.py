"""Which versions made a file: recorded beside every output."""

from __future__ import annotations

import functools
import platform
from importlib.metadata import PackageNotFoundError, version

DISTRIBUTIONS = {
    "numpy": "numpy",
    "opencolorio": "opencolorio",
    "opencv": "opencv-python-headless",
    "rawpy": "rawpy",
    "scipy": "scipy",
    "tonebench": "tonebench",
    "torch": "torch",
}
PIXELS = tuple(name for name in DISTRIBUTIONS if name != "torch")  # all that can change a pixel


@functools.cache
def versions(names: tuple[str, ...] = PIXELS) -> dict[str, str]:
    """Installed version of each name of DISTRIBUTIONS, and Python's; "?" where it is not known."""
    found = {name: _version(DISTRIBUTIONS[name]) for name in names}
    return {**found, "python": platform.python_version()}


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "?"
