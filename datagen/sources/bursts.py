"""Pictures taken in one go show one scene."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from .groups import join_groups
from .scene import Scene

CAMERA_MODEL, DATE_TIME, EXIF, DATE_TIME_ORIGINAL = 272, 306, 34665, "DateTimeOriginal"
EXIF_FORMAT = "%Y:%m:%d %H:%M:%S"


def group_bursts(scenes: Sequence[Scene], folder: Path, *, within_s: float) -> list[Scene]:
    """Join the groups of pictures that one camera took within so many seconds of each other.

    Time and model come from the TIFF tags that most raw formats (DNG, NEF, CR2, ARW ...) carry;
    only headers are read. A file without them stays in the group it has.
    """
    shots = []
    for index, scene in enumerate(scenes):
        camera, taken = capture_time(folder / scene.files[0])
        if taken is not None:
            shots.append((camera, taken, index))
    shots.sort()
    pairs = [
        (one, two)
        for (camera, before, one), (other_camera, after, two) in itertools.pairwise(shots)
        if camera == other_camera and (after - before).total_seconds() <= within_s
    ]
    return join_groups(scenes, pairs)


def capture_time(path: Path) -> tuple[str, datetime | None]:
    """Camera model and capture time of a file; ("", None) when its tags do not say."""
    import tifffile

    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    try:
        with tifffile.TiffFile(path) as file:
            tags = file.pages.first.tags
            exif = tags.valueof(EXIF, {})
            text = exif.get(DATE_TIME_ORIGINAL) or tags.valueof(DATE_TIME, "")
            camera = str(tags.valueof(CAMERA_MODEL, ""))
        return camera, datetime.strptime(str(text).strip("\0 "), EXIF_FORMAT)
    except Exception:  # not a TIFF, damaged tags, no date: tifffile has many words for it
        return "", None
