"""`datagen doctor`: what this machine has to develop raws with."""

from __future__ import annotations

import os
import platform
import shutil
from argparse import Namespace
from importlib import metadata

import cv2
import rawpy

from ..develop.on_gpu import describe_gpu


def run(args: Namespace) -> None:
    for name, value in facts(args.folder).items():
        print(f"{name:<18} {value}")


def facts(folder: str) -> dict[str, str]:
    """Collect what decides whether and how fast a build runs: name -> text."""
    free = shutil.disk_usage(folder).free
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    flags = rawpy.flags or {}
    return {
        "python": platform.python_version(),
        "rawpy": metadata.version("rawpy"),
        "LibRaw": ".".join(map(str, rawpy.libraw_version)),
        "LibRaw built with": ", ".join(name for name, on in flags.items() if on) or "unknown",
        "LibRaw without": ", ".join(name for name, on in flags.items() if not on) or "-",
        "OpenMP": "yes" if flags.get("OPENMP") else "no",
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "not set: all cores"),
        "OpenCV": f"{cv2.__version__}, {cv2.getNumThreads()} threads",
        "cores": f"{usable} usable of {os.cpu_count()}",
        "memory": _memory(),
        "GPU": _gpu(),
        "disk free": f"{free / 2**30:.1f} GiB in {os.path.abspath(folder)}",  # noqa: PTH100
    }


def _memory() -> str:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError):
        return "unknown"
    return f"{total / 2**30:.1f} GiB"


def _gpu() -> str:
    return describe_gpu()
