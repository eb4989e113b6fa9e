"""From sensor codes to white-balanced camera light at the wanted size."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..images.resample import resize
from .cfa import tiled
from .demosaic import LIBRAW, demosaic, demosaicer
from .mosaic import Grid, independent_samples, reduce_bayer
from .photo import RawPhoto

LEAST_REDUCTION = 2.0  # sites per output pixel from which the mosaic is reduced directly


@dataclass(frozen=True, eq=False)
class CameraLight:
    """White-balanced camera light: black 0, and 1 where the colour of smallest gain clips."""

    values: np.ndarray  # (h, w, K) float32
    clipped: np.ndarray | None  # (h, w, K) float32, share of clipped sites; None unless asked for
    sites: np.ndarray  # (K,) sites whose plain mean is as noisy as a pixel, per colour


def output_size(photo: RawPhoto, long_edge: int | None) -> tuple[int, int]:
    """Height and width, before orientation, of a picture whose longer side is `long_edge`.

    None, or more than the sensor has, gives the sensor's own size with square pixels.
    """
    _, _, columns, rows = photo.crop
    width, height = float(columns), float(rows)
    if photo.pixel_aspect >= 1:
        width = width * photo.pixel_aspect
    else:
        height = height / photo.pixel_aspect
    if long_edge is not None and long_edge < 1:
        raise ValueError(f"long_edge is a number of pixels, got {long_edge}")
    scale = min(1.0, (long_edge or np.inf) / max(width, height))
    return max(round(height * scale), 1), max(round(width * scale), 1)


def camera_light(
    photo: RawPhoto, long_edge: int | None = None, *, algorithm: str = "ahd", flags: bool = True
) -> CameraLight:
    """Give camera light at an output size, by the cheapest way that is right.

    Bayer sensors at half size or less are averaged from the mosaic itself; everything else is
    demosaiced at full size and averaged then. Both average over areas in linear light.

    Parameters
    ----------
    long_edge : pixels of the longer side; None keeps the sensor's own size
    algorithm : one of `datagen.raw.demosaic.DEMOSAICERS`, where one is needed
    flags : whether to flag what is clipped
    """
    rows, columns = _grids(photo, long_edge)
    if _small(photo, rows, columns):
        return _reduced(photo, rows, columns, flags)
    return _resized(_full_size(photo, algorithm, flags), photo, rows, columns)


def colours_from(photo: RawPhoto, long_edge: int | None = None, algorithm: str = "ahd") -> str:
    """Where the colours come from that a site has not: "mosaic" averaged, or a demosaicer's name.

    LibRaw's are named as such: they are not ours to keep the same on every platform.
    """
    if photo.pattern is None or photo.colours == 1:
        return "sensor"
    if _small(photo, *_grids(photo, long_edge)):
        return "mosaic"
    chosen = demosaicer(photo, algorithm)
    return f"LibRaw {chosen}" if chosen in LIBRAW else chosen


def _grids(photo: RawPhoto, long_edge: int | None) -> tuple[Grid, Grid]:
    """Rows and columns of the output on the sensor."""
    height, width = output_size(photo, long_edge)
    left, top, crop_width, crop_height = photo.crop
    return Grid(top, crop_height / height, height), Grid(left, crop_width / width, width)


def _small(photo: RawPhoto, rows: Grid, columns: Grid) -> bool:
    """Whether the mosaic itself is averaged."""
    bayer = photo.pattern is not None and photo.pattern.shape == (2, 2)
    return bayer and min(rows.step, columns.step) >= LEAST_REDUCTION


def _reduced(photo: RawPhoto, rows: Grid, columns: Grid, flags: bool) -> CameraLight:
    planes, clipped = reduce_bayer(
        photo.mosaic, rows, columns, black=photo.black, white=photo.white, flags=flags
    )
    shares = [np.equal(photo.tile, colour) for colour in range(photo.colours)]
    samples = independent_samples(rows) * independent_samples(columns)
    return CameraLight(
        values=np.stack([planes[share].mean(0) for share in shares], -1) * photo.white_balance,
        clipped=None
        if clipped is None
        else np.stack([clipped[share].mean(0) for share in shares], -1),
        sites=np.array([share.sum() for share in shares]) * samples,
    )


def _full_size(photo: RawPhoto, algorithm: str, flags: bool) -> CameraLight:
    sites = np.ones(photo.colours)
    full = photo.mosaic >= photo.white if flags else None
    if photo.pattern is None:
        gain = photo.white_balance / (photo.white - photo.black)
        return CameraLight((photo.mosaic - photo.black) * gain, _shares(full), sites)
    shape = photo.mosaic.shape
    balanced = photo.mosaic - tiled(photo.black, shape)
    gain = photo.white_balance[photo.pattern] / (photo.white - photo.black)
    balanced *= tiled(np.asarray(gain, np.float32), shape)
    if photo.colours == 1:
        flat = _shares(full)
        return CameraLight(balanced[:, :, None], None if flat is None else flat[:, :, None], sites)
    values = demosaic(photo, balanced, algorithm)
    return CameraLight(values, None if full is None else _spread(full, photo), sites)


def _shares(full: np.ndarray | None) -> np.ndarray | None:
    return None if full is None else full.astype(np.float32)


def _spread(full: np.ndarray, photo: RawPhoto) -> np.ndarray:
    """Flag, per pixel and colour, where a clipped site of the colour is a neighbour: 0 or 1."""
    clipped = np.zeros((*full.shape, photo.colours), np.float32)
    if full.any():
        reach = np.ones((3, 3) if photo.tile.shape == (2, 2) else (5, 5), np.uint8)
        for colour in range(photo.colours):
            own = (full & tiled(np.equal(photo.tile, colour), full.shape)).astype(np.uint8)
            clipped[:, :, colour] = cv2.dilate(own, reach)
    return clipped


def _resized(light: CameraLight, photo: RawPhoto, rows: Grid, columns: Grid) -> CameraLight:
    left, top, width, height = photo.crop
    inside = (slice(top, top + height), slice(left, left + width))
    size = (rows.count, columns.count)

    def fit(image: np.ndarray) -> np.ndarray:
        image = np.ascontiguousarray(image[inside])
        return image if (height, width) == size else np.asarray(resize(image, size), np.float32)

    clipped = None if light.clipped is None else fit(light.clipped)
    sites = light.sites * max(rows.step * columns.step, 1)
    return CameraLight(fit(light.values), clipped, sites)
