"""Pictures taken in one go show one scene."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

from .exif import read_capture
from .groups import join_groups
from .scene import Scene


def group_bursts(scenes: Sequence[Scene], folder: Path, *, within_s: float) -> list[Scene]:
    """Join the groups of pictures that one camera took within so many seconds of each other.

    Time and model come from the TIFF tags that most raw formats (DNG, NEF, CR2, ARW ...) carry;
    only headers are read. A file without them stays in the group it has.
    """
    shots = []
    for index, scene in enumerate(scenes):
        shot = read_capture(folder / scene.files[0])
        if shot.taken is not None:
            shots.append((shot.camera, shot.taken, index))
    shots.sort()
    pairs = [
        (one, two)
        for (camera, before, one), (other_camera, after, two) in itertools.pairwise(shots)
        if camera == other_camera and (after - before).total_seconds() <= within_s
    ]
    return join_groups(scenes, pairs)
