"""Full-resolution development on a GPU: one pass per raw, all EVs in one batch.

The same steps as `series` with demosaic="malvar", within 1/255 of it. Sizes below half the sensor's
are averaged on the CPU, which is faster than sending the mosaic; the rest of the work still happens
here. The only module of the package that imports torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch.nn import functional

from luts.lut import Lut
from luts.torch.lookup import apply_lut
from luts.torch.transfer import encode_srgb

from ..raw.cfa import tiled
from ..raw.demosaic import MALVAR, malvar_sites
from ..raw.errors import RawError
from ..raw.highlights import OPPONENT
from ..raw.photo import RawPhoto
from .series import baseline_shift, linear
from .tone import TONES


class GpuError(RawError):
    """A device that is not there, or a sensor this path does not know."""

    status = "skipped_unsupported"


def develop_series(
    photo: RawPhoto,
    evs: Sequence[float],
    long_edge: int | None = None,
    bits: int = 8,
    *,
    device: str = "cuda",
    highlights: str = "blend",
    baseline: str = "ignore",
    tone: str = "none",
    lut: Lut | None = None,
) -> Iterator[np.ndarray]:
    """Develop as `datagen.develop.series.develop_series` with demosaic="malvar" does, on a device.

    Parameters
    ----------
    highlights : "clip" or "blend"; "rebuild" looks at whole areas and stays on the CPU
    device : "cuda", "cuda:1", ..., or "cpu"
    lut : applied to the encoded picture before rounding, by tetrahedral interpolation

    Yields
    ------
    (H, W, 3) uint8 or uint16 for every EV, upright, within one 8-bit code of the CPU's.
    """
    where = _device(device)
    shift = baseline_shift(photo, baseline)
    gains = torch.tensor([2.0 ** (ev + shift) for ev in evs], device=where)
    if _at_sensor_size(photo, long_edge) and highlights != "rebuild":
        picture = linear_tensor(photo, where, highlights=highlights)
    else:
        on_cpu = linear(photo, long_edge, highlights=highlights, demosaic="malvar")
        picture = torch.from_numpy(on_cpu).to(where).permute(2, 0, 1)
    return (_codes(picture, gain, bits, tone=tone, lut=lut).cpu().numpy() for gain in gains)


def linear_tensor(
    photo: RawPhoto, device: torch.device, *, highlights: str = "blend"
) -> torch.Tensor:
    """Develop a Bayer raw at the sensor's size: (3, H, W) float32 linear sRGB, upright.

    Raises
    ------
    GpuError : the sensor is not Bayer with square pixels
    """
    if not _known(photo):
        raise GpuError(f"{photo.path}: only Bayer raws with square pixels develop on the GPU")
    mosaic = torch.from_numpy(np.ascontiguousarray(photo.mosaic)).to(device).float()
    balance = photo.white_balance[photo.tile] / (photo.white - photo.black)
    balanced = (mosaic - _tiled(photo.black, mosaic)) * _tiled(balance, mosaic)
    light = malvar(balanced, photo.tile)
    left, top, width, height = photo.crop
    light = HIGHLIGHTS[highlights](light[:, top : top + height, left : left + width])
    matrix = torch.from_numpy(photo.camera_to_srgb).to(device)
    return upright(torch.einsum("ok,khw->ohw", matrix, light), photo.orientation)


def malvar(light: torch.Tensor, pattern: np.ndarray) -> torch.Tensor:
    """Interpolate a Bayer mosaic: (H, W) -> (3, H, W). See `datagen.raw.demosaic.malvar`."""
    weights = torch.from_numpy(MALVAR[:, None]).to(light)
    padded = functional.pad(light[None, None], (2, 2, 2, 2), mode="reflect")
    filtered = functional.conv2d(padded, weights)[0]
    result = light.expand(3, -1, -1).clone()
    for site, colour, kernel in malvar_sites(pattern):
        result[(colour, *site)] = filtered[kernel][site]
    return result


def _clip(light: torch.Tensor) -> torch.Tensor:
    return light.clamp(max=1)


def _blend(light: torch.Tensor) -> torch.Tensor:
    """`datagen.raw.highlights.blend` on (3, H, W)."""
    chroma = torch.from_numpy(OPPONENT[1:]).to(light)
    whole, cut = (
        torch.einsum("ok,khw->ohw", chroma, rgb).square().sum(0) for rgb in (light, _clip(light))
    )
    ratio = (cut / whole.clamp(min=1e-12)).clamp(max=1).sqrt()
    mean = light.mean(0)
    return torch.where(light.amax(0) > 1, mean + (light - mean) * ratio, light)


HIGHLIGHTS = {"clip": _clip, "blend": _blend}


def upright(picture: torch.Tensor, orientation: int) -> torch.Tensor:
    """`datagen.images.files.upright` on (3, H, W)."""
    if orientation >= 5:
        picture = picture.transpose(1, 2)
    flips = [axis for axis, codes in ((1, (3, 4, 7, 8)), (2, (2, 3, 6, 7))) if orientation in codes]
    return picture.flip(flips) if flips else picture


def describe_gpu() -> str:
    """One line for `datagen doctor`."""
    if not torch.cuda.is_available():
        return "none"
    names = [torch.cuda.get_device_name(k) for k in range(torch.cuda.device_count())]
    return ", ".join(names)


def _codes(
    picture: torch.Tensor, gain: torch.Tensor, bits: int, *, tone: str, lut: Lut | None
) -> torch.Tensor:
    """(3, H, W) linear to (H, W, 3) codes on the same device."""
    linear_light = TONES[tone]((picture * gain).clamp(0, 1))
    encoded = encode_srgb(linear_light)
    if lut is not None:
        encoded = apply_lut(lut, encoded[None])[0].clamp(0, 1)
    dtype = {8: torch.uint8, 16: torch.uint16}[bits]
    return (encoded * (2**bits - 1)).round().to(dtype).permute(1, 2, 0)


def _tiled(tile: np.ndarray, like: torch.Tensor) -> torch.Tensor:
    height, width = like.shape
    return torch.from_numpy(tiled(np.asarray(tile, np.float32), (height, width))).to(like)


def _known(photo: RawPhoto) -> bool:
    bayer = photo.pattern is not None and photo.pattern.shape == (2, 2)
    return bayer and photo.colours == 3 and photo.pixel_aspect == 1


def _at_sensor_size(photo: RawPhoto, long_edge: int | None) -> bool:
    return _known(photo) and (long_edge is None or long_edge >= max(photo.crop[2:]))


def _device(name: str) -> torch.device:
    device = torch.device(name)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise GpuError("--device cuda: this machine has no CUDA device; use cpu")
    return device
