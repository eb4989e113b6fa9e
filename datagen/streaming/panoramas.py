"""Samples out of panoramas: any view, photographed by a virtual camera."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from luts.tool.seeding import sample_rng
from luts.tool.words import nearest
from luts.torch.transfer import encode_srgb

from ..camera.bright_region import bright_region
from ..camera.sensors import SENSORS
from ..recipe.load import Recipe
from .camera import Shot, photograph, set_up
from .draws import Draw
from .light import HIGHLIGHTS, quantised
from .light_source import LightSource
from .references import REFERENCES
from .taken import StreamError, Taken
from .views import Direction, view

MOST_MAGNIFIED = 4.0  # view pixels per panorama pixel


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
    """Photograph a batch; what draws of one view share is made once.

    Parameters
    ----------
    key : name of the stream, with `seed` and a sample's position the seed of its noise
    want_mattes : find the bright region of every view
    """
    views = {one.view: one for one in draws}
    which = [list(views).index(one.view) for one in draws]
    scenes = torch.stack([_view(sources[one.source], one, size, device) for one in views.values()])
    setup = set_up(scenes, [one.camera for one in views.values()])
    true = setup.true_light()
    references = {
        name: quantised(REFERENCES[name](true), recipe.output.bits)[which]
        for name in recipe.source.references
    }
    noise = noise_of(draws, size, key, seed).to(device) if recipe.stream.noise else None
    highlights = HIGHLIGHTS[recipe.render.highlights]
    linear = photograph(setup.take(which), _shot(draws, device), noise, highlights)
    mattes = [_matte(scene) if want_mattes else None for scene in scenes]
    return Taken(
        encode_srgb(linear.clamp(0, 1)),
        references,
        [mattes[n] for n in which],
        [one.ev for one in draws],
    )


def check_recipe(recipe: Recipe) -> None:
    """Refuse what a build of raws can do and this cannot, rather than leave it out in silence."""
    render = recipe.render
    for name, known in (
        ("highlights", ("blend", "clip")),
        ("tone", ("none",)),
        ("noise", ("none",)),
    ):
        if getattr(render, name) not in known:
            raise StreamError(
                f"[render] {name}: a stream of panoramas takes {' or '.join(known)},"
                f" not {getattr(render, name)}"
                + ("; its camera's noise is [stream] noise" if name == "noise" else "")
            )
    for camera in recipe.stream.cameras:
        if camera not in SENSORS:
            raise StreamError(f"[stream] cameras: no {camera!r}{nearest(camera, SENSORS)}")


def check_size(recipe: Recipe, source: LightSource, size: tuple[int, int]) -> None:
    """Raises StreamError when a panorama is too coarse for views of that size."""
    width, (narrowest, _) = source.levels(torch.device("cpu"))[0].shape[-1], recipe.stream.fov
    held = width * narrowest / 360
    if max(size) > MOST_MAGNIFIED * held:
        raise StreamError(
            f"size: {max(size)} pixels are more than {source.name} can give, {width} pixels"
            f" around: {held:.0f} across a view of {narrowest:g} degrees; take a finer panorama,"
            " a wider [stream] fov or a smaller size"
        )


def noise_of(draws: Sequence[Draw], size: tuple[int, int], key: str, seed: int) -> Tensor:
    """(2, N, 3, H, W) standard normal, each sample's by its position alone."""
    planes = [
        sample_rng(seed, f"{key}/{one.position}/noise").standard_normal((2, 3, *size), np.float32)
        for one in draws
    ]
    return torch.from_numpy(np.stack(planes, 1))


def _view(source: LightSource, one: Draw, size: tuple[int, int], device: torch.device) -> Tensor:
    where = Direction(one.yaw, one.pitch, one.roll, one.fov)
    picture = view(source.levels(device), where, size)
    return picture.flip(2) if one.mirrored else picture


def _shot(draws: Sequence[Draw], device: torch.device) -> Shot:
    def column(values: list[Any]) -> Tensor:
        return torch.tensor(values, dtype=torch.float32, device=device)

    return Shot(
        metering_error=column([one.metering_error for one in draws]),
        balance_error=column([one.balance_error for one in draws]),
        bracket_ev=column([one.ev * one.bracket for one in draws]),
        ev=column([one.ev * (not one.bracket) for one in draws]),
        sites=column([one.sites for one in draws]),
    )


def _matte(scene: Tensor) -> np.ndarray | None:
    bright = bright_region(scene.permute(1, 2, 0).cpu().numpy())
    return None if bright is None else bright.astype(np.float32) / 255
