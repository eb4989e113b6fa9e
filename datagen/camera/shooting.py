"""Photograph scenes into files: choose the views, release the shutter, note what was done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from luts.tool.files import sha256_file, whole_file
from luts.tool.gate import inside
from luts.tool.seeding import sample_rng

from ..references.light_file import write_light
from .bright_region import bright_region
from .dng import write_dng
from .index import IndexRow, fixed_split
from .metering import automatic_exposure
from .panorama import is_panorama, perspective_view
from .sensors import SENSORS
from .simulate import Exposure, photograph, true_linear

ASPECT = 2 / 3  # short to long edge of the views cut from a panorama
PITCH_MEAN, PITCH_SD = 3.0, 6.0  # degrees: hands hold cameras nearly level


@dataclass(frozen=True)
class Shoot:
    """How a batch of scenes is photographed."""

    views: int = 1  # of each panorama
    long_edge: int = 384
    fov: float = 70.0  # degrees across the long edge, for panoramas
    evs: tuple[float, ...] = (0.0,)
    camera: str = ""  # a key of SENSORS; empty draws one per view
    metering_sd: float = 0.3  # stops
    flat: bool = False  # a scene twice as wide as high is a wide picture, not a panorama
    segment: bool = False  # also write the bright region of each view
    light_edge: int = 0  # pixels of the longer side of the true light; 0 is the view's own
    source: str = ""
    licence: str = ""
    seed: int = 0


@dataclass(frozen=True)
class View:
    """One framing of one scene, with the camera and the light meter that take it."""

    name: str  # of its files
    scene: str
    camera: str
    metering_error: float  # stops
    direction: tuple[float, float] | None  # yaw and pitch in degrees; None: the picture as it is


def plan_views(scene: str, linear: np.ndarray, shoot: Shoot) -> list[View]:
    """Draw the views of a scene, each by its own name.

    A panorama is looked at in `shoot.views` directions, spread around the horizon with jitter;
    any other picture has one view.
    """
    panorama = is_panorama(linear) and not shoot.flat
    count = shoot.views if panorama else 1
    views = []
    for number in range(count):
        name = f"{scene}_v{number:02d}"
        rng = sample_rng(shoot.seed, f"{name}/view")
        yaw = round(360 * (number + rng.uniform()) / count - 180, 1)
        pitch = round(rng.normal(PITCH_MEAN, PITCH_SD), 1)
        error = shoot.metering_sd * rng.standard_normal()
        camera = shoot.camera or sorted(SENSORS)[rng.integers(len(SENSORS))]
        views.append(View(name, scene, camera, error, (yaw, pitch) if panorama else None))
    return views


def frame(linear: np.ndarray, view: View, shoot: Shoot) -> np.ndarray:
    """Cut the view's 3:2 frame from a panorama, or shrink any other picture to the long edge.

    Returns
    -------
    (H, W, 3) float32, linear, with even sides as a Bayer mosaic wants them.
    """
    long_edge = shoot.long_edge
    if view.direction:
        size = (_even(long_edge), _even(long_edge * ASPECT))
        yaw, pitch = view.direction
        return perspective_view(linear, yaw=yaw, pitch=pitch, fov=shoot.fov, size=size)
    height, width = linear.shape[:2]
    scale = min(1.0, long_edge / max(height, width))
    size = (_even(width * scale), _even(height * scale))
    return cv2.resize(linear, size, interpolation=cv2.INTER_AREA)


def shoot_view(
    linear: np.ndarray, view: View, out: Path, shoot: Shoot, *, mask: np.ndarray | None = None
) -> list[IndexRow]:
    """Photograph a framed view at every EV into `out`; return the rows of the index.

    The view's true light, as a perfect sensor would have seen it at EV 0, is written once under
    `light/`.

    Parameters
    ----------
    mask : (H, W) uint8 subject, written once under `masks/`; None finds the bright region when
        `shoot.segment` asks for it
    """
    if mask is None and shoot.segment:
        mask = bright_region(linear)
    segmentation = "" if mask is None else f"masks/{view.name}.png"
    if mask is not None:
        _write_mask(inside(out, segmentation), mask)
    sensor = SENSORS[view.camera]
    metered = automatic_exposure(linear, sensor, bias_ev=view.metering_error)
    light = f"light/{view.name}.png"
    write_light(inside(out, light), _shrunk(true_linear(linear, sensor, metered), shoot.light_edge))
    beside = {"segmentation": segmentation, "light": light}
    if linear.max() <= 1:  # a decoded photo: brighter light was lost when it was taken
        white = true_linear(np.ones((1, 1, 3), np.float32), sensor, metered)
        beside["light_white"] = f"{white.min():.4g}"
    beside["bracket"] = view.name if len(shoot.evs) > 1 else ""
    rows = []
    for ev in shoot.evs:
        name = view.name if shoot.evs == (0.0,) else f"{view.name}_ev{ev:+g}"
        exposure, path = metered.shifted(ev), out / f"{name}.dng"
        mosaic = photograph(linear, sensor, exposure, sample_rng(shoot.seed, f"{name}/noise"))
        write_dng(path, mosaic, sensor, exposure, artist=shoot.source, licence=shoot.licence)
        rows.append(_row(path, view, shoot, ev=ev, exposure=exposure, beside=beside))
    return rows


def _shrunk(linear: np.ndarray, long_edge: int) -> np.ndarray:
    """Average (H, W, 3) over areas down to a long edge; 0 or more than there is keeps it."""
    height, width = linear.shape[:2]
    scale = long_edge / max(height, width)
    if not 0 < scale < 1:
        return linear
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(linear, size, interpolation=cv2.INTER_AREA)


def _row(
    path: Path, view: View, shoot: Shoot, *, ev: float, exposure: Exposure, beside: dict[str, str]
) -> IndexRow:
    yaw, pitch = (f"{angle:g}" for angle in view.direction) if view.direction else ("", "")
    return IndexRow(
        path=path.name,
        scene=view.scene,
        split=fixed_split(view.scene),
        kind="simulated",
        camera=SENSORS[view.camera].name,
        ev=f"{ev:g}",
        exposure_s=f"{exposure.time_s:.6g}",
        iso=str(exposure.iso),
        yaw=yaw,
        pitch=pitch,
        source=shoot.source,
        licence=shoot.licence,
        sha256=sha256_file(path),
        bytes=path.stat().st_size,
        note="",
        **beside,
    )


def _even(length: float) -> int:
    return max(2, 2 * round(length / 2))


def _write_mask(path: Path, mask: np.ndarray) -> None:
    _, png = cv2.imencode(".png", mask, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    with whole_file(path) as scratch:
        png.tofile(scratch)
