"""Open a camera raw once and unpack it once: all that development needs, as a `RawPhoto`.

LibRaw opens, decompresses and, when asked, demosaics. Black, white, white balance, matrix,
highlights, exposure and curve are ours (`datagen.develop.series`), because LibRaw's own order and
defaults move the exposure from picture to picture: automatic brightness, a white level taken from
the frame's maximum, and multipliers that depend on the highlight mode.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np

from ..images.files import ImageError, decode
from .colour import balance, camera_to_srgb, grey_world
from .directory import Directory, decoded
from .errors import RawDamagedError, RawError, RawUnsupportedError
from .levels import Levels, check_layout, decoded_levels, float_levels, read_float_samples
from .libraw import check_file, libraw_errors, unpack
from .photo import RawPhoto
from .tags import Metadata, read_metadata

__all__ = ["RawError", "read_raw", "read_thumbnail"]

# LibRaw's flip (1 mirrors left-right, 2 top-bottom, 4 then swaps rows and columns) as EXIF codes
EXIF_OF_FLIP = (1, 2, 4, 3, 5, 8, 6, 7)


def read_raw(path: Path) -> RawPhoto:
    """Open and unpack a raw file.

    Parameters
    ----------
    path : any format LibRaw decodes: Bayer, X-Trans, monochrome, four-colour, linear DNG

    Raises
    ------
    RawError : one of its four subclasses; `status` is the word for the manifest and the message
        one line with the path, what LibRaw said and what to do
    """
    path = Path(path)
    check_file(path)
    metadata = read_metadata(path)
    if metadata.short_of:
        raise RawDamagedError(
            f"{path}: truncated: {metadata.short_of} bytes are missing at the end"
        )
    if metadata.unreadable and path.suffix.lower() == ".dng":
        raise RawDamagedError(f"{path}: the tags of this DNG are damaged; copy it again")
    check_layout(path, metadata.directories)
    with libraw_errors(path):
        raw = unpack(path)
        return _photo(path, raw, metadata)


def read_thumbnail(path: Path) -> np.ndarray | None:
    """Decode the picture a camera embedded in a raw: (H, W, 3) uint8 as stored, None without one.

    Raises
    ------
    RawError : as `read_raw`
    """
    import rawpy

    path = Path(path)
    check_file(path)
    with libraw_errors(path), rawpy.imread(str(path)) as raw:
        try:
            thumbnail = raw.extract_thumb()
        except (rawpy.LibRawNoThumbnailError, rawpy.LibRawUnsupportedThumbnailError):
            return None
    if thumbnail.format == rawpy.ThumbFormat.BITMAP:
        return np.array(thumbnail.data)
    try:
        return decode(bytes(thumbnail.data))
    except ImageError:
        return None


def _photo(path: Path, raw, metadata: Metadata) -> RawPhoto:
    colours = raw.num_colors
    samples, pattern, black = _mosaic(path, raw, colours)
    source = decoded(
        metadata.directories,
        width=raw.sizes.raw_width,
        height=raw.sizes.raw_height,
        samples=samples.shape[2] if samples.ndim == 3 else 1,
    )
    levels = _levels(path, raw, metadata, source, samples, pattern, black)
    mosaic, black, white = levels.mosaic, levels.black, levels.white
    if not (white > black.max() and min(mosaic.shape[:2]) >= 2):
        raise RawDamagedError(f"{path}: black {black.max():g} and white {white:g} leave no range")
    if mosaic.max() <= black.min():
        raise RawDamagedError(f"{path}: decodes to nothing but black; the pixel data is lost")
    as_shot, daylight = (
        np.array(gains[:colours], float)
        for gains in (raw.camera_whitebalance, raw.daylight_whitebalance)
    )
    if levels.folded is not None:
        as_shot = as_shot / levels.folded
    gains, gains_origin = balance(as_shot, daylight) or _estimated(mosaic, pattern, black, white)
    if gains_origin == "daylight" and metadata.as_shot_xy:
        gains_origin = "as-shot"  # LibRaw turns AsShotWhiteXY into daylight gains
    matrix, matrix_origin = camera_to_srgb(
        raw.color_matrix[:, :colours].astype(float), raw.rgb_xyz_matrix[:colours].astype(float)
    )
    crop, crop_origin = _crop(raw.sizes, source)
    profile = (source and source.noise_profile) or metadata.noise_profile
    return RawPhoto(
        path=path,
        mosaic=mosaic,
        pattern=pattern,
        black=black,
        white=white,
        white_balance=gains,
        white_balance_origin=cast("Any", gains_origin),
        camera_to_srgb=matrix * np.float32(levels.scale),
        matrix_origin=cast("Any", matrix_origin),
        crop=crop,
        crop_origin=cast("Any", crop_origin),
        orientation=metadata.orientation or EXIF_OF_FLIP[raw.sizes.flip & 7],
        pixel_aspect=float(raw.sizes.pixel_aspect) or 1.0,
        baseline_ev=metadata.baseline_ev,
        noise_profile=_scaled(profile, levels.scale),
        camera=metadata.camera,
        iso=float(raw.other.iso_speed) or None,
        exposure_time_s=float(raw.other.shutter_speed) or None,
        unapplied=source.opcodes if source else (),
        scale=levels.scale,
    )


def _levels(
    path: Path,
    raw,
    metadata: Metadata,
    source: Directory | None,
    samples: np.ndarray,
    pattern: np.ndarray | None,
    black: np.ndarray,
) -> Levels:
    if source is not None and source.is_float:
        own = read_float_samples(path, source, metadata.directories.index(source))
        top, left = raw.sizes.top_margin, raw.sizes.left_margin
        height, width = samples.shape[:2]
        return float_levels(path, own[top : top + height, left : left + width], pattern, source)
    if source is None and any(each.is_float or each.is_lossy for each in metadata.directories):
        raise RawUnsupportedError(
            f"{path}: LibRaw decodes none of the pictures that its tags describe"
        )
    return decoded_levels(path, samples, black, float(raw.white_level), source)


def _scaled(profile, scale: float):
    """A noise profile (S, O) for samples of which 1 is now `scale` times as bright."""
    return profile and tuple((s / scale, o / scale**2) for s, o in profile)


def _mosaic(path: Path, raw, colours: int) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
    """Samples, pattern and black. LibRaw calls the second green of a Bayer sensor colour 3."""
    import rawpy

    samples = raw.raw_image_visible
    levels = np.array(raw.black_level_per_channel, np.float32)
    if raw.raw_type == rawpy.RawType.Stack:
        return samples[:, :, :colours], None, levels[:colours]
    if colours == 1:
        return samples, np.zeros((1, 1), np.uint8), levels[:1].reshape(1, 1)
    pattern = raw.raw_pattern
    if pattern is None or min(pattern.shape) < 2:
        raise RawUnsupportedError(
            f"{path}: a colour filter layout that is neither Bayer nor X-Trans"
        )
    merged = np.where(pattern == 3, 1, pattern) if colours == 3 else pattern
    if len(np.unique(merged)) < colours:
        raise RawUnsupportedError(f"{path}: a colour filter layout without one of its colours")
    return samples, merged.astype(np.uint8), levels[pattern]


def _estimated(mosaic, pattern, black, white) -> tuple[np.ndarray, str]:
    if pattern is None or pattern.size == 1:
        return np.ones(mosaic.shape[2] if mosaic.ndim == 3 else 1, np.float32), "none"
    colours = int(pattern.max()) + 1
    return grey_world((mosaic - black.mean()) / (white - black.mean()), pattern, colours)


def _crop(sizes, source: Directory | None) -> tuple[tuple[int, int, int, int], str]:
    """The picture the maker meant, in the visible area: DNG DefaultCrop, else the camera's own.

    LibRaw snaps the margins and the crop of a DNG to the filter tile, so both may be off by one.
    The tags are not; what LibRaw calls visible is only where counting starts.
    """
    if source is not None and source.crop:
        crop, origin = tuple(round(value) for value in source.crop), "dng"
    else:
        corner = (sizes.crop_left_margin, sizes.crop_top_margin)
        crop, origin = (*corner, sizes.crop_width, sizes.crop_height), "camera"
    left, top, width, height = crop
    left, top = left - sizes.left_margin, top - sizes.top_margin
    inside = left >= 0 and top >= 0 and left + width <= sizes.width and top + height <= sizes.height
    if inside and 2 * width > sizes.width and 2 * height > sizes.height:
        return (left, top, width, height), origin
    return (0, 0, sizes.width, sizes.height), "none"
