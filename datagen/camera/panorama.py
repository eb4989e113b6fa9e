"""Point an ideal lens into an equirectangular panorama."""

from __future__ import annotations

import math

import cv2
import numpy as np


def is_panorama(linear: np.ndarray) -> bool:
    """Is the picture twice as wide as high, as the full sphere in equirectangular form is?"""
    return linear.shape[1] == 2 * linear.shape[0]


def perspective_view(
    panorama: np.ndarray,
    *,
    yaw: float = 0.0,
    pitch: float = 0.0,
    fov: float = 70.0,
    size: tuple[int, int] = (384, 256),
) -> np.ndarray:
    """Cut a rectilinear view out of a panorama, averaging light over each pixel's area.

    Every pixel is the mean of a grid of bilinear samples, at least 2 x 2 and fine enough that no
    panorama pixel near the horizon is skipped. Bilinear, because a sharper kernel would ring
    around a sun a million times brighter than the sky.

    Parameters
    ----------
    panorama : (H, 2H, 3) float, linear
        The middle column is yaw 0, columns run to the right; the top row is straight up.
    yaw, pitch : degrees to the right and up
    fov : degrees across the long edge, between 0 and 180
    size : (width, height) of the view in pixels

    Returns
    -------
    (height, width, 3) float32, linear.
    """
    if not is_panorama(panorama):
        height, width = panorama.shape[:2]
        raise ValueError(f"a panorama is twice as wide as high, got {width} x {height}")
    if not 0 < fov < 180:
        raise ValueError(f"fov must lie between 0 and 180 degrees, got {fov}")
    reach = math.tan(math.radians(fov) / 2)
    # Panorama pixels per view pixel at the centre of the view, where the lens magnifies least.
    density = panorama.shape[1] / math.tau * 2 * reach / max(size)
    grid = max(2, math.ceil(density))
    rays = _rays((size[0] * grid, size[1] * grid), reach) @ _turn(yaw, pitch)
    sampled = _look_up(np.asarray(panorama, np.float32), rays)
    return cv2.resize(sampled, size, interpolation=cv2.INTER_AREA)


def _rays(size: tuple[int, int], reach: float) -> np.ndarray:
    """Directions (h, w, 3) through a plane at distance one: x right, y up, z ahead."""
    width, height = size
    step = 2 * reach / max(size)
    rays = np.ones((height, width, 3))
    rays[..., 0] = (np.arange(width) + 0.5 - width / 2) * step
    rays[..., 1] = ((height / 2 - 0.5 - np.arange(height)) * step)[:, None]
    return rays


def _turn(yaw: float, pitch: float) -> np.ndarray:
    """Rotation to multiply row vectors with: first up by pitch, then right by yaw."""
    (sin_p, cos_p), (sin_y, cos_y) = (
        (math.sin(angle), math.cos(angle)) for angle in (math.radians(pitch), math.radians(yaw))
    )
    up = np.array([[1, 0, 0], [0, cos_p, -sin_p], [0, sin_p, cos_p]])
    right = np.array([[cos_y, 0, -sin_y], [0, 1, 0], [sin_y, 0, cos_y]])
    return up @ right


def _look_up(panorama: np.ndarray, rays: np.ndarray) -> np.ndarray:
    """Sample the panorama bilinearly along rays; around in longitude, not over the poles."""
    height, width = panorama.shape[:2]
    x, y, z = np.moveaxis(rays, -1, 0)
    longitude = np.arctan2(x, z)
    latitude = np.arctan2(y, np.hypot(x, z))
    # Pixel centres lie at whole coordinates; one wrapped column on either side closes the seam.
    column = (longitude / math.tau + 0.5) * width + 0.5
    row = np.clip((0.5 - latitude / math.pi) * height - 0.5, 0, height - 1)
    closed = np.concatenate([panorama[:, -1:], panorama, panorama[:, :1]], axis=1)
    x_map, y_map = np.asarray(column, np.float32), np.asarray(row, np.float32)
    return cv2.remap(closed, x_map, y_map, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
