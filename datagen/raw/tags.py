"""What LibRaw's Python wrapper does not tell: DNG and TIFF tags, and the camera's name.

Reads headers only. A file that is no TIFF (CRW, RAF, CR3) gives no tags.

References
----------
Adobe, Digital Negative Specification 1.7.1 (tags 50706 to 52547); TIFF 6.0.
"""

from __future__ import annotations

import logging
import struct
from dataclasses import dataclass, replace
from pathlib import Path

from luts.pictures.exif import checked_orientation
from luts.tool.gate import plain_text

from .directory import Directory, noise_pairs, numbers, rationals, read_directory

TIFF_MAGIC = (b"II*\0", b"MM\0*")
MAKE, MODEL, ORIENTATION = 271, 272, 274
DNG_VERSION, UNIQUE_MODEL, AS_SHOT_XY = 50706, 50708, 50729
BASELINE_EXPOSURE, BASELINE_OFFSET = 50730, 51109
NOISE_PROFILE = 51041
SUB_DIRECTORIES = 330
MOST_NAME = 200  # characters of a camera's name


@dataclass(frozen=True)
class Metadata:
    """What the tags say; None where they are silent."""

    camera: str = ""
    orientation: int | None = None  # EXIF code; 1 where the file says none of the eight
    baseline_ev: float | None = None  # DNG BaselineExposure + BaselineExposureOffset, stops
    noise_profile: tuple[tuple[float, float], ...] | None = None  # of the first directory
    as_shot_xy: bool = False  # the balance as shot is told by a chromaticity
    unreadable: bool = False  # a TIFF whose directories cannot be read
    directories: tuple[Directory, ...] = ()  # of a DNG: every picture in it, the first one first
    short_of: int = 0  # bytes that a DNG's own directory promises and the file lacks

    def __post_init__(self) -> None:
        # It goes into rows and onto pages.
        object.__setattr__(self, "camera", plain_text(self.camera[:MOST_NAME]))


def read_metadata(path: Path) -> Metadata:
    """Read the tags of a raw file; a damaged or unknown header gives an empty Metadata."""
    head = _head(path)
    if head[:4] in TIFF_MAGIC:
        try:
            return _tiff_metadata(Path(path))
        except Exception:  # tifffile raises many kinds on damaged tags; LibRaw judges the file
            return Metadata(unreadable=True)
    if head[6:14] == b"HEAPCCDR":
        return Metadata(camera=_ciff_camera(Path(path)))
    if head[:8] == b"FUJIFILM":
        return Metadata(camera="Fujifilm " + head[28:60].split(b"\0")[0].decode("ascii", "replace"))
    return Metadata()


def looks_raw(path: Path) -> bool:
    """Does the file begin as raw files do: TIFF and its relatives, CIFF, RAF, CR3, X3F, MRW?"""
    head = _head(path)
    own = (b"FUJI", b"FOVb", b"\0MRM")
    return head[:2] in (b"II", b"MM") or head[:4] in own or head[4:8] == b"ftyp"


def _head(path: Path) -> bytes:
    with Path(path).open("rb") as stream:
        return stream.read(64)


def _tiff_metadata(path: Path) -> Metadata:
    import tifffile

    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    with tifffile.TiffFile(path) as file:
        first = file.pages.first.tags
        about = Metadata(camera=_camera(first))
        if DNG_VERSION not in first:
            return about
        pages = [file.pages.first, *_sub_pages(file)]
        return replace(
            about,
            orientation=checked_orientation(first.valueof(ORIENTATION, 1))[0],
            baseline_ev=_baseline(first),
            noise_profile=noise_pairs(first.valueof(NOISE_PROFILE)),
            as_shot_xy=AS_SHOT_XY in first,
            directories=tuple(read_directory(page) for page in pages),
            short_of=max(max(_end_of_data(page.tags) for page in pages) - path.stat().st_size, 0),
        )


def _sub_pages(file) -> list:
    """The pictures nested in the first directory: previews, and in most DNGs the raw."""
    sub = file.pages.first.pages if SUB_DIRECTORIES in file.pages.first.tags else None
    return list(sub or [])


def _end_of_data(tags) -> int:
    """Last byte of a directory's strips or tiles."""
    starts = numbers(tags.valueof(273) or tags.valueof(324) or ())
    counts = numbers(tags.valueof(279) or tags.valueof(325) or ())
    return max((int(a + b) for a, b in zip(starts, counts, strict=False)), default=0)


def _camera(tags) -> str:
    """Maker and model, without saying the maker twice."""
    make, model = (str(tags.valueof(code, "")).strip(" \0") for code in (MAKE, MODEL))
    if not (make or model):
        return str(tags.valueof(UNIQUE_MODEL, "")).strip(" \0")
    repeated = make and model.lower().startswith(make.split()[0].lower())
    return model if repeated else f"{make} {model}".strip()


def _baseline(tags) -> float | None:
    if BASELINE_EXPOSURE not in tags:
        return None
    return sum(sum(rationals(tags, code, 1)) for code in (BASELINE_EXPOSURE, BASELINE_OFFSET))


def _ciff_camera(path: Path) -> str:
    """Camera name in a Canon CRW: record 0x080a, "maker NUL model NUL", in the heap of heaps.

    References
    ----------
    Canon, CIFF Specification on Image Data File 1.0 r4, 3 "Heap structure"
    """
    data = path.read_bytes()
    try:
        order = "<" if data[:2] == b"II" else ">"
        start = struct.unpack_from(order + "I", data, 2)[0]
        text = _ciff_record(data, order, slice(start, len(data)), 0x080A)
        make, model = (part.decode("ascii") for part in text.split(b"\0")[:2])
    except (struct.error, ValueError):  # a damaged heap; the name is not worth failing for
        return ""
    return model if model.startswith(make) else f"{make} {model}"


def _ciff_record(data: bytes, order: str, heap: slice, wanted: int, depth: int = 0) -> bytes:
    """Find a record by its type in a heap and the heaps in it; b"" when there is none."""
    table = heap.start + struct.unpack_from(order + "I", data, heap.stop - 4)[0]
    for entry in range(struct.unpack_from(order + "H", data, table)[0]):
        kind, size, offset = struct.unpack_from(order + "HII", data, table + 2 + 10 * entry)
        place = slice(heap.start + offset, heap.start + offset + size)
        if kind & 0x3FFF == wanted:
            return data[place]
        is_heap = kind & 0x3800 in (0x2800, 0x3000) and depth < 4
        if is_heap and (found := _ciff_record(data, order, place, wanted, depth + 1)):
            return found
    return b""
