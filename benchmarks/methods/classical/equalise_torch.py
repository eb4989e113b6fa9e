"""Histogram equalisation and CLAHE of whole batches, on any torch device, as OpenCV defines them.

Equalisation equals `cv2.equalizeHist` exactly. CLAHE follows `cv2.CLAHE`, its padding, spreading of
the clipped counts and interpolation phase included, and differs by one code where the two round a
sum of four products differently.

References
----------
OpenCV 4 and 5, modules/imgproc, cv::equalizeHist and cv::CLAHE.
"""

from __future__ import annotations

import torch

LEVELS = 256


def equalise(codes: torch.Tensor) -> torch.Tensor:
    """Equalise every plane of a batch on its own.

    Parameters
    ----------
    codes : (N, C, H, W) uint8

    Returns
    -------
    (N, C, H, W) uint8.
    """
    planes = _checked(codes).flatten(0, 1).flatten(1)
    counts = _histograms(planes)
    darkest = (counts > 0).int().argmax(1, keepdim=True)
    rest = planes.shape[1] - counts.gather(1, darkest)
    scale = _quotient(255, rest.clamp(min=1))
    # The sum runs above the darkest level, which lands on 0.
    above = counts.scatter(1, darkest, 0).cumsum(1)
    table = (above * scale).round().clamp(0, 255)
    # A plane of one level stays as it is.
    table = torch.where(rest == 0, darkest.float().expand_as(table), table).to(torch.uint8)
    return table.gather(1, planes.long()).reshape(codes.shape)


def clahe(codes: torch.Tensor, *, clip_limit: float = 2.0, tiles: int = 8) -> torch.Tensor:
    """Apply CLAHE to every plane of a batch on its own.

    Parameters
    ----------
    codes : (N, C, H, W) uint8
    clip_limit : in mean counts per bin; no clipping when 0
    tiles : per axis

    Returns
    -------
    (N, C, H, W) uint8.
    """
    planes = _checked(codes).flatten(0, 1)
    height, width = planes.shape[1:]
    padded = _padded(planes, tiles)
    tile_height, tile_width = padded.shape[1] // tiles, padded.shape[2] // tiles
    cut = padded.reshape(len(planes), tiles, tile_height, tiles, tile_width)
    tables = _tile_tables(cut.transpose(2, 3).flatten(0, 2).flatten(1), clip_limit)
    tables = tables.reshape(len(planes), tiles, tiles, LEVELS)
    y0, y1, along_y = _neighbours(height, tile_height, tiles, codes.device)
    x0, x1, along_x = _neighbours(width, tile_width, tiles, codes.device)

    plane = torch.arange(len(planes), device=codes.device)[:, None, None]
    level = planes.long()

    def row(y: torch.Tensor) -> torch.Tensor:
        left, right = (tables[plane, y[:, None], x[None], level].float() for x in (x0, x1))
        return left * (1 - along_x) + right * along_x

    blend = row(y0) * (1 - along_y[:, None]) + row(y1) * along_y[:, None]
    return blend.round().clamp(0, 255).to(torch.uint8).reshape(codes.shape)


def _checked(codes: torch.Tensor) -> torch.Tensor:
    if codes.dtype != torch.uint8 or codes.ndim != 4 or codes.numel() == 0:
        raise ValueError(
            f"equalisation takes (N, C, H, W) uint8 codes, got {tuple(codes.shape)} {codes.dtype}"
        )
    return codes


def _quotient(above: int, below: torch.Tensor) -> torch.Tensor:
    """Divide in float32, rounded once: `255 / tensor` would round a reciprocal first."""
    return torch.full_like(below, above, dtype=torch.float32) / below


def _histograms(planes: torch.Tensor) -> torch.Tensor:
    """Count the levels of each row of (P, pixels) uint8: (P, 256) int64."""
    offset = torch.arange(len(planes), device=planes.device)[:, None] * LEVELS
    flat = (planes.long() + offset).flatten()
    return torch.bincount(flat, minlength=len(planes) * LEVELS).reshape(-1, LEVELS)


def _tile_tables(tiles: torch.Tensor, clip_limit: float) -> torch.Tensor:
    """Return the lookup table of each row of (T, pixels) uint8: (T, 256) uint8."""
    pixels = tiles.shape[1]
    counts = _histograms(tiles)
    if clip_limit > 0:
        limit = max(1, int(clip_limit * pixels / LEVELS))
        excess = (counts - limit).clamp(min=0).sum(1, keepdim=True)
        counts = counts.clamp(max=limit) + excess // LEVELS
        left = excess % LEVELS
        # What does not divide evenly goes to every step-th bin, from the darkest on.
        step = (LEVELS // left.clamp(min=1)).clamp(min=1)
        bins = torch.arange(LEVELS, device=tiles.device)[None]
        counts = counts + ((bins % step == 0) & (bins // step < left))
    return (counts.cumsum(1) * _quotient(255, torch.tensor(pixels))).round().clamp(0, 255).byte()


def _padded(planes: torch.Tensor, tiles: int) -> torch.Tensor:
    """Extend (P, H, W) to whole tiles by reflection.

    When only one side needs it OpenCV still adds a full `tiles` pixels to the other.
    """
    height, width = planes.shape[1:]
    if height % tiles == 0 and width % tiles == 0:
        return planes
    rows, columns = (_reflected(n, n + tiles - n % tiles, planes.device) for n in (height, width))
    return planes[:, rows][:, :, columns]


def _reflected(size: int, extended: int, device: torch.device) -> torch.Tensor:
    """Indices that continue 0 .. size - 1 by reflection about the last pixel."""
    period = max(2 * (size - 1), 1)
    place = torch.arange(extended, device=device) % period
    return torch.minimum(place, period - place) if size > 1 else torch.zeros_like(place)


def _neighbours(
    size: int, tile: int, tiles: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the two tiles each pixel lies between, and how far it is along: (size,) each."""
    place = torch.arange(size, device=device) * _quotient(1, torch.tensor(tile)) - 0.5
    low = place.floor()
    return (
        low.clamp(min=0).long(),
        (low + 1).clamp(max=tiles - 1).long(),
        place - low,
    )
