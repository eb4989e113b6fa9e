"""Equirectangular panoramas of linear light, `.hdr` or `.exr`, for streams above all.

Every `.hdr` or `.exr` file is a scene of its own; its split is the published one where it has one.
A build takes one view of each as a perfect camera would; `datagen simulate` photographs more of
them, with what a sensor does to light.
"""

from __future__ import annotations

from pathlib import Path

from ..camera.index import fixed_split, scene_name
from ..recipe.settings import Source
from .scene import LIGHT, Scene, check_unique, list_files, safe_name


def read_panoramas(source: Source, folder: Path) -> list[Scene]:
    """The panoramas of a folder, in the order of their names."""
    scenes = [
        Scene(
            name=safe_name(str(Path(file).with_suffix(""))),
            path=file,
            group=scene_name(Path(file).stem),
            split=fixed_split(Path(file).stem),
            licence=source.licence,
        )
        for file in list_files(folder, LIGHT)
    ]
    return check_unique(scenes, folder)
