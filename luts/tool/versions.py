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
}


@functools.cache
def versions() -> dict[str, str]:
    """Installed version of everything that can change a pixel; "?" where it is not known."""
    found = {name: _version(distribution) for name, distribution in DISTRIBUTIONS.items()}
    return {**found, "python": platform.python_version()}


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "?"
