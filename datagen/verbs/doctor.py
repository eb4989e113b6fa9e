"""`datagen doctor`: what this machine has to develop raws with, or how a file is read."""

from __future__ import annotations

import os
import platform
import shutil
from argparse import Namespace
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np
import rawpy

from luts.pictures.read import describe, is_picture

from ..develop.on_gpu import describe_gpu
from ..develop.plausible import scene_notes
from ..develop.series import linear
from ..images.files import read_noting
from ..raw.read import read_raw
from ..sources.scene import RAWS

SMALL = 256  # pixels of the longer side, enough to judge a picture's light


def run(args: Namespace) -> None:
    place = Path(args.place)
    found = file_facts(place) if place.is_file() else facts(args.place)
    for name, value in found:
        print(f"{name:<18} {value}")


def file_facts(path: Path) -> list[tuple[str, str]]:
    """What a picture or a raw says, and what is made of it.

    Raises ImageError or RawError when it cannot be read rightly.
    """
    if is_picture(path) and path.suffix.lower() not in RAWS:
        codes, info = read_noting(path, floats=True)
        found = describe(info) if info else []
        return [*found, ("read as", f"{codes.shape} {codes.dtype}, sRGB")]
    photo = read_raw(path)
    light = linear(photo, SMALL)
    kind = "no filter" if photo.pattern is None else " x ".join(map(str, photo.pattern.shape))
    height, width = photo.mosaic.shape[:2]
    gains = ", ".join(f"{gain:.4g}" for gain in photo.white_balance)
    return [
        ("raw", photo.camera or "camera not named"),
        ("samples", f"{width} x {height} {photo.mosaic.dtype}, filter {kind}"),
        ("black, white", f"{', '.join(f'{v:g}' for v in np.unique(photo.black))}; {photo.white:g}"),
        ("white balance", f"{gains}, {photo.white_balance_origin}"),
        ("matrix", photo.matrix_origin),
        ("crop", f"{photo.crop}, {photo.crop_origin}"),
        ("orientation", str(photo.orientation)),
        ("baseline EV", "none" if photo.baseline_ev is None else f"{photo.baseline_ev:+g}"),
        ("not applied", ", ".join(photo.unapplied) or "-"),
        *(("note", note) for note in scene_notes(light)),
    ]


def facts(folder: str) -> list[tuple[str, str]]:
    """Collect what decides whether and how fast a build runs: names and texts."""
    free = shutil.disk_usage(folder).free
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    flags = rawpy.flags or {}
    return [
        ("python", platform.python_version()),
        ("rawpy", metadata.version("rawpy")),
        ("LibRaw", ".".join(map(str, rawpy.libraw_version))),
        ("LibRaw built with", ", ".join(name for name, on in flags.items() if on) or "unknown"),
        ("LibRaw without", ", ".join(name for name, on in flags.items() if not on) or "-"),
        ("OpenMP", "yes" if flags.get("OPENMP") else "no"),
        ("OMP_NUM_THREADS", os.environ.get("OMP_NUM_THREADS", "not set: all cores")),
        ("OpenCV", f"{cv2.__version__}, {cv2.getNumThreads()} threads"),
        ("cores", f"{usable} usable of {os.cpu_count()}"),
        ("memory", _memory()),
        ("GPU", _gpu()),
        ("disk free", f"{free / 2**30:.1f} GiB in {os.path.abspath(folder)}"),  # noqa: PTH100
    ]


def _memory() -> str:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError):
        return "unknown"
    return f"{total / 2**30:.1f} GiB"


def _gpu() -> str:
    return describe_gpu()
