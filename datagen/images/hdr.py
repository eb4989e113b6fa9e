"""Read the light of a scene from a file: Radiance .hdr, .exr, float TIFF, or a decoded photo."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from luts.pictures import PictureError
from luts.pictures.read import read_light
from luts.tool.errors import UserError

SCENE_SUFFIXES = (".exr", ".hdr", ".jpeg", ".jpg", ".png", ".tif", ".tiff")
HALF_MAX = 65504.0  # what an infinite pixel of a half-float file stands for


class HdrError(UserError):
    """A scene that cannot be read; the message names the file and the reason."""


def find_scenes(paths: list[Path]) -> list[Path]:
    """Replace each folder by the scene files in it, sorted by name; files stay as they are."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(
                p
                for p in path.iterdir()
                if p.suffix.lower() in SCENE_SUFFIXES and not p.name.startswith(".")
            )
            if not inside:
                raise HdrError(f"{path}: holds no scene; files of {', '.join(SCENE_SUFFIXES)}")
            found += inside
        else:
            found.append(path)
    return found


def read_scene(path: Path) -> np.ndarray:
    """Read the linear light of a scene.

    Float files hold linear light. Integer files (PNG, JPEG, integer TIFF) are photos, read as
    `luts.pictures` does and decoded from sRGB, so their highlights end at 1.0.

    Returns
    -------
    (H, W, 3) float32, linear sRGB, finite, >= 0. Negative values become 0, infinity 65504.

    Raises
    ------
    HdrError : missing, empty, truncated, of an unknown kind, or holding NaN.
    """
    path = Path(path)
    if path.suffix.lower() not in SCENE_SUFFIXES:
        raise HdrError(f"{path}: not a scene; files of {', '.join(SCENE_SUFFIXES)} are")
    if not path.is_file():
        raise HdrError(f"{path}: no such file")
    read = {".exr": _read_exr, ".hdr": _read_radiance}.get(path.suffix.lower(), read_light)
    try:
        pixels = read(path)
    except OSError as error:
        raise HdrError(f"{path}: {error.strerror or error}") from None
    except PictureError as error:
        raise HdrError(str(error)) from None
    if np.isnan(pixels).any():
        raise HdrError(f"{path}: holds pixels that are not a number")
    return np.nan_to_num(pixels.astype(np.float32), posinf=HALF_MAX).clip(min=0)


def _read_radiance(path: Path) -> np.ndarray:
    # OpenCV returns None for a broken file and prints why; the reason belongs in our error alone.
    log = cv2.utils.logging
    level = log.setLogLevel(log.LOG_LEVEL_SILENT)
    try:
        data = np.fromfile(path, np.uint8)
        flags = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH
        pixels = cv2.imdecode(data, flags) if data.size else None
    except cv2.error as error:
        raise HdrError(f"{path}: broken: {error.err}") from None
    finally:
        log.setLogLevel(level)
    if pixels is None or pixels.dtype.kind != "f":
        raise HdrError(f"{path}: empty, truncated or not {path.suffix[1:]}")
    return pixels[..., ::-1]


def _read_exr(path: Path) -> np.ndarray:
    try:
        import OpenEXR
    except ImportError:
        raise HdrError(
            f"{path}: .exr needs the OpenEXR package (pip install openexr); .hdr does not"
        ) from None
    try:
        with OpenEXR.File(str(path), separate_channels=True) as file:
            channels = file.channels()
            return np.stack([channels[name].pixels for name in "RGB"], axis=-1)
    except KeyError as error:
        raise HdrError(f"{path}: has no channel {error}; an RGB scene has R, G and B") from None
    except (RuntimeError, ValueError) as error:
        raise HdrError(f"{path}: broken: {error}") from None
