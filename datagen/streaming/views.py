"""Point an ideal lens into a panorama, on tensors.

The twin of `datagen.camera.panorama.perspective_view`, for views that are made by the thousand: a
pyramid of the panorama, each level half as large, stands in for averaging over every pixel's area.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

GRID = 2  # samples per pixel and axis, of a level that has 1 to 2 pixels per pixel
LEAST_WIDTH = 32  # of the coarsest level


@dataclass(frozen=True)
class Direction:
    """Where the lens points and how much it sees: degrees, to the right, up, clockwise, across."""

    yaw: float
    pitch: float
    roll: float
    fov: float


def pyramid(panorama: Tensor) -> list[Tensor]:
    """Halve a panorama (3, H, 2H) until little is left of it; the first level is itself."""
    levels = [panorama]
    while levels[-1].shape[-1] % 4 == 0 and levels[-1].shape[-1] > LEAST_WIDTH:
        halved = F.avg_pool2d(levels[-1].float(), 2)
        levels.append(halved.to(panorama.dtype))
    return levels


def view(levels: list[Tensor], where: Direction, size: tuple[int, int]) -> Tensor:
    """Cut a rectilinear view out of a panorama's pyramid.

    Parameters
    ----------
    levels : of `pyramid`; the middle column is yaw 0, the top row straight up
    size : (height, width) in pixels; `where.fov` runs across the longer of them

    Returns
    -------
    (3, height, width) float32, linear.
    """
    height, width = size
    reach = math.tan(math.radians(where.fov) / 2)
    # Panorama pixels per view pixel at the centre of the view, where the lens magnifies least.
    density = levels[0].shape[-1] / math.tau * 2 * reach / max(size)
    level = min(max(0, math.floor(math.log2(max(density, 1)))), len(levels) - 1)
    panorama = levels[level].float()
    rays = _rays((height * GRID, width * GRID), reach, _turn(where), panorama.device)
    return F.avg_pool2d(_look_up(panorama, rays), GRID)


def _rays(
    size: tuple[int, int], reach: float, turn: Tensor, device: torch.device
) -> tuple[Tensor, Tensor, Tensor]:
    """Directions x right, y up, z ahead, each (h, w), through a turned plane at distance one."""
    height, width = size
    step = 2 * reach / max(size)
    right = (torch.arange(width, device=device) + 0.5 - width / 2) * step
    up = ((height / 2 - 0.5 - torch.arange(height, device=device)) * step)[:, None]
    # Written out, no product of matrices: its last bit may depend on where in memory they lie.
    return tuple(right * a + up * b + c for a, b, c in turn.T.tolist())


def _turn(where: Direction) -> Tensor:
    """Rotation to multiply row vectors with: by roll, then up by pitch, then right by yaw."""
    (sin_r, cos_r), (sin_p, cos_p), (sin_y, cos_y) = (
        (math.sin(a), math.cos(a)) for a in map(math.radians, (where.roll, where.pitch, where.yaw))
    )
    around = torch.tensor([[cos_r, -sin_r, 0], [sin_r, cos_r, 0], [0, 0, 1]], dtype=torch.float64)
    up = torch.tensor([[1, 0, 0], [0, cos_p, -sin_p], [0, sin_p, cos_p]], dtype=torch.float64)
    right = torch.tensor([[cos_y, 0, -sin_y], [0, 1, 0], [sin_y, 0, cos_y]], dtype=torch.float64)
    return around @ up @ right


def _look_up(panorama: Tensor, rays: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Sample the panorama bilinearly along rays; around in longitude, not over the poles."""
    width = panorama.shape[-1]
    x, y, z = rays
    longitude = torch.atan2(x, z) / math.tau  # -1/2 to 1/2
    latitude = torch.atan2(y, torch.hypot(x, z)) / math.pi
    # One wrapped column on either side closes the seam.
    closed = torch.cat([panorama[..., -1:], panorama, panorama[..., :1]], -1)
    grid = torch.stack([longitude * (2 * width / (width + 2)), -2 * latitude], -1)
    return F.grid_sample(
        closed[None], grid[None], mode="bilinear", padding_mode="border", align_corners=False
    )[0]
