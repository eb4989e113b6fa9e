"""What a run was made on: device, versions, processor; stored beside every result."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from luts.tool.versions import DISTRIBUTIONS, versions


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
        "memory_bytes": _memory(),
        "gpu": _gpu(device),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": versions(tuple(DISTRIBUTIONS)),
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


def _memory() -> int | None:
    """Bytes of main memory, where the system tells."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _gpu(device: str) -> dict[str, Any] | None:
    """Memory, architecture and software of a GPU; None on a CPU."""
    if not device.startswith("cuda"):
        return None
    import torch

    properties = torch.cuda.get_device_properties(device)
    return {
        "memory_bytes": properties.total_memory,
        "capability": f"{properties.major}.{properties.minor}",
        "processors": properties.multi_processor_count,
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
        "driver": _said("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"),
    }


def _commit() -> str | None:
    """Short commit of the checkout we run from, with "+" when it has uncommitted changes."""
    return _said("git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty=+")


def _said(*command: str) -> str | None:
    """First line that a program prints; None when it is not there, fails or prints nothing."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return next(iter(done.stdout.splitlines()), "").strip() or None
