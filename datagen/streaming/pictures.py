"""Samples out of raws, pictures and data sets: random crops and scales of developed light."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from luts.tool.seeding import sample_rng
from luts.torch.transfer import decode_srgb, encode_srgb

from ..develop.tone import TONES
from ..recipe.load import Recipe
from .draws import Draw
from .light import quantised
from .light_source import LIGHT, LightSource
from .taken import StreamError, Taken

REFERENCE, EXPOSURE, MATTE = "reference ", "exposure ", "matte"
UNKNOWN_EV = "unknown"


def take(
    recipe: Recipe,
    sources: Sequence[LightSource],
    draws: Sequence[Draw],
    size: tuple[int, int],
    *,
    key: str,
    seed: int,
    device: torch.device,
    want_mattes: bool,
) -> Taken:
    """Crop a batch out of scenes: developed at the drawn EV, or one of the ready exposures.

    A crop larger than `size` is averaged down, in linear light.
    """
    encoded, evs, mattes = [], [], []
    references: dict[str, list[Tensor]] = {}
    names = _references(sources[0])  # opening all of them to ask would take long
    for one in draws:
        source = sources[one.source]
        box = _box(source, one, size, device)
        rng = sample_rng(seed, f"{key}/{one.position}/exposure")
        picture, ev = _degraded(recipe, source, one, box, size, device, rng)
        encoded.append(_mirrored(picture, one))
        evs.append(ev)
        for name in names:
            if REFERENCE + name not in source.arrays:
                raise StreamError(f"{source.name}: has no reference {name!r}, others have")
            codes = _as_float(source.plane(REFERENCE + name, device)[(..., *box)])
            shown = _mirrored(_resized_encoded(codes, size), one)
            references.setdefault(name, []).append(quantised(shown, recipe.output.bits))
        mattes.append(_matte(source, one, box, size, device) if want_mattes else None)
    stacked = {name: torch.stack(pictures) for name, pictures in references.items()}
    return Taken(torch.stack(encoded), stacked, mattes, evs)


def check_recipe(recipe: Recipe) -> None:
    """Refuse what a build can do and this cannot, rather than leave it out in silence."""
    if recipe.render.noise != "none":
        raise StreamError(
            "[render] noise: a stream of pictures adds none; build the set, or stream panoramas"
        )


def check_size(recipe: Recipe, source: LightSource, size: tuple[int, int]) -> None:
    """Raises StreamError when a scene is smaller than the pictures asked for."""
    _refuse_larger(source, source.plane(LIGHT, torch.device("cpu")).shape[-2:], size)


def _refuse_larger(source: LightSource, has: Sequence[int], size: tuple[int, int]) -> None:
    height, width = has
    if height < size[0] or width < size[1]:
        raise StreamError(
            f"size: {size[1]} x {size[0]} pixels are more than {source.name} has,"
            f" {width} x {height}; take a smaller size, or a larger [render] long_edge"
        )


def _references(source: LightSource) -> list[str]:
    return [n.removeprefix(REFERENCE) for n in source.arrays if n.startswith(REFERENCE)]


def _degraded(
    recipe: Recipe,
    source: LightSource,
    one: Draw,
    box: tuple[slice, slice],
    size: tuple[int, int],
    device: torch.device,
    rng: np.random.Generator,
) -> tuple[Tensor, float]:
    """A crop as taken, encoded, and its EV."""
    ready = [name for name in source.arrays if name.startswith(EXPOSURE)]
    if ready:
        chosen = ready[int(rng.integers(len(ready)))]
        text = chosen.removeprefix(EXPOSURE)
        shown = _as_float(source.plane(chosen, device)[(..., *box)])
        return _resized_encoded(shown, size), float("nan" if text == UNKNOWN_EV else text)
    linear = _resized(source.plane(LIGHT, device)[(..., *box)].float(), size)
    exposed = (linear * 2.0**one.ev).clamp(0, 1)
    return encode_srgb(TONES[recipe.render.tone](exposed)), one.ev


def _box(
    source: LightSource, one: Draw, size: tuple[int, int], device: torch.device
) -> tuple[slice, slice]:
    """Rows and columns of the crop; never smaller than `size`."""
    height, width = source.plane(LIGHT, device).shape[-2:]
    _refuse_larger(source, (height, width), size)
    scale = max(1.0, one.zoom * min(height / size[0], width / size[1]))
    rows, columns = (
        min(round(side * scale), most) for side, most in zip(size, (height, width), strict=True)
    )
    top, left = int(one.y * (height - rows + 1)), int(one.x * (width - columns + 1))
    return slice(top, top + rows), slice(left, left + columns)


def _matte(
    source: LightSource,
    one: Draw,
    box: tuple[slice, slice],
    size: tuple[int, int],
    device: torch.device,
) -> np.ndarray | None:
    if MATTE not in source.arrays:
        return None
    matte = _resized(_as_float(source.plane(MATTE, device)[(..., *box)]), size)
    return _mirrored(matte, one)[0].cpu().numpy()


def _resized_encoded(encoded: Tensor, size: tuple[int, int]) -> Tensor:
    if tuple(encoded.shape[-2:]) == tuple(size):
        return encoded
    return encode_srgb(_resized(decode_srgb(encoded), size).clamp(0, 1))


def _resized(planes: Tensor, size: tuple[int, int]) -> Tensor:
    """Average (C, H, W) down; what has the size already stays as it is."""
    if tuple(planes.shape[-2:]) == tuple(size):
        return planes
    return F.interpolate(planes[None], size, mode="bilinear", antialias=True)[0]


def _mirrored(planes: Tensor, one: Draw) -> Tensor:
    return planes.flip(-1) if one.mirrored else planes


def _as_float(codes: Tensor) -> Tensor:
    if codes.is_floating_point():
        return codes.float()
    return codes.float() / torch.iinfo(codes.dtype).max
