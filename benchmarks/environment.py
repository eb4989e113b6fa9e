"""What a run was made on: device, versions, processor; stored beside every result."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

PACKAGES = (
    "tonebench",
    "torch",
    "numpy",
    "opencv-python-headless",
    "opencolorio",
    "rawpy",
    "scipy",
)


def pick_device(asked: str) -> str:
    """Resolve "auto" to "cuda" where a GPU is usable, else "cpu"; return anything else as is."""
    if asked != "auto":
        return asked
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def describe(device: str) -> dict[str, Any]:
    """Describe hardware and software: JSON-able, the same keys on every machine."""
    return {
        "device": device,
        "device_name": _device_name(device),
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
        "commit": _commit(),
    }


def _device_name(device: str) -> str:
    if not device.startswith("cuda"):
        return _cpu_name()
    import torch

    return torch.cuda.get_device_name(device)


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _commit() -> str | None:
    """Short commit of the checkout we run from, with "+" when it has uncommitted changes."""
    here = Path(__file__).parent
    try:
        git = ["git", "-C", str(here), "describe", "--always", "--dirty=+"]
        return subprocess.run(git, capture_output=True, text=True, timeout=5).stdout.strip() or None
    except (OSError, subprocess.TimeoutExpired):
        return None
